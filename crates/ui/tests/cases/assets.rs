use ui::{VERSION, asset, asset_url};

#[test]
fn files_are_served_under_their_version_and_kept_for_a_year() {
    let url = asset_url("css/sesshu.css");
    let file = asset(&url).expect("a page asks for it");
    assert_eq!(file.content_type, "text/css; charset=utf-8");
    assert!(file.cache_control.contains("immutable"));
    assert_eq!(asset(url.trim_start_matches("/static/")).map(|same| same.etag), Some(file.etag));
}

#[test]
fn a_page_of_the_last_release_gets_todays_file_but_may_not_keep_it() {
    let file = asset("/static/0000000000000000/js/sesshu.js").expect("the name is known");
    assert_eq!(file.cache_control, "no-cache");
}

#[test]
fn nothing_else_is_served() {
    for path in
        ["/static/", "css/sesshu.css", "/static/x/../Cargo.toml", &format!("{VERSION}/nothing.css"), ""]
    {
        assert!(asset(path).is_none(), "{path}");
    }
}

/// LGWAN has no internet: style sheets and our script load from this server only.
#[test]
fn nothing_is_loaded_from_elsewhere() {
    for name in ["css/sesshu.css", "vendor/noto-sans-jp-5.3.1/wght.css", "js/sesshu.js"] {
        let text = String::from_utf8_lossy(asset(&asset_url(name)).expect("embedded").bytes).into_owned();
        assert!(!text.contains("//fonts.") && !text.contains("http:") && !text.contains("https:"), "{name}");
    }
}

#[test]
fn every_font_file_the_style_sheet_names_is_embedded() {
    let sheet = asset(&asset_url("vendor/noto-sans-jp-5.3.1/wght.css")).expect("embedded");
    let text = String::from_utf8_lossy(sheet.bytes);
    let names: Vec<_> = text.split("url(./").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert_eq!(names.len(), 124);
    for name in names {
        assert!(asset(&asset_url(&format!("vendor/noto-sans-jp-5.3.1/{name}"))).is_some(), "{name}");
    }
}
