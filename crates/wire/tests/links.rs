use wire::v1::{LINKS, System, link, links_ja};

#[test]
fn golden_of_the_links_is_what_the_office_reads() {
    crate::check_golden(&crate::root().join("docs/reference/links.txt"), &links_ja());
}

#[test]
fn no_chain_of_links_leads_back_to_where_it_began() {
    fn walk(at: System, path: &mut Vec<System>) {
        assert!(!path.contains(&at), "a cycle: {path:?} → {at:?}");
        path.push(at);
        for next in LINKS.iter().filter(|link| link.client == at) {
            walk(next.server, path);
        }
        path.pop();
    }
    for system in System::ALL {
        walk(*system, &mut Vec::new());
    }
}

#[test]
fn nobody_calls_health() {
    assert!(LINKS.iter().all(|link| link.server != System::Health));
}

#[test]
fn no_link_stands_twice() {
    for (at, one) in LINKS.iter().enumerate() {
        let first = LINKS.iter().position(|other| {
            (other.client, other.server, other.operation) == (one.client, one.server, one.operation)
        });
        assert_eq!(first, Some(at), "{one:?}");
    }
}

#[test]
fn a_link_holds_for_its_two_ends_and_its_operation_only() {
    for one in LINKS {
        assert_eq!(link(one.client, one.server, one.operation), Some(one));
        assert_eq!(link(one.server, one.client, one.operation), None);
        assert_eq!(link(one.client, one.server, "another_operation"), None);
    }
}
