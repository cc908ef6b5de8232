//! What staff get from `ui`: words, pictures and pages.

#[path = "../examples/gallery/pages.rs"]
mod pages;
#[path = "../examples/gallery/samples.rs"]
mod samples;

mod cases;

/// Every sample renders, has one `h1`, and holds neither style nor script of its own (the policy forbids both).
#[test]
fn every_sample_is_a_whole_page() {
    for page in pages::ALL {
        let html = (page.render)();
        assert!(html.trim_end().ends_with("</html>"), "{} is cut", page.path);
        assert_eq!(html.matches("<h1").count(), 1, "{} has one h1", page.path);
        assert!(!html.contains(" style="), "{} has an inline style", page.path);
        assert!(!html.contains("<script>"), "{} has an inline script", page.path);
        assert!(!html.contains(" onclick"), "{} has an inline handler", page.path);
    }
}

#[test]
fn a_protected_address_is_on_no_page_about_the_person() {
    let html = pages::ALL.iter().find(|page| page.path == "/resident-protected").map(|page| (page.render)());
    let html = html.expect("the sample exists");
    assert!(!html.contains("王子本町"));
    assert!(html.contains("表示しません（支援措置）"));
    assert!(html.contains("支援措置"));
}

#[test]
fn what_staff_typed_cannot_become_markup() {
    let field = ui::FieldState::of("<b>\"x");
    let mut errors = ui::FormErrors::default();
    errors.add("on", "<i>");
    let banner = ui::Banner::new(ui::BannerKind::Memo, "<script>alert(1)</script>").to_string();
    assert!(!banner.contains("<script>"));
    assert_eq!(field.error_text(), "");
    assert_eq!(errors.field("on", "x").error.as_deref(), Some("<i>"));
}

#[test]
fn a_running_job_asks_for_itself_again_and_an_ended_one_does_not() {
    assert!(pages::progress_part().contains("hx-get"));
    let ended = pages::progress_part();
    assert!(!ended.contains("hx-get") && ended.contains("取り込みました。"));
}
