//! Faults planted in good files: every one is found.

use lopdf::content::Content;
use lopdf::{Document, Object, ObjectId};
use paper::check::{self, Finding};
use paper::{PageFacts, questionnaire};

use crate::samples;

fn file() -> (Vec<u8>, Vec<PageFacts>) {
    let sheets: Vec<_> = (1..=5).map(samples::typical).collect();
    let file = questionnaire::render(&samples::fonts(), &samples::issuer(), &sheets).unwrap();
    (file.pdf, file.pages)
}

fn edited(pdf: &[u8], edit: impl FnOnce(&mut Document)) -> Vec<u8> {
    let mut document = Document::load_mem(pdf).unwrap();
    edit(&mut document);
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

fn contents(document: &Document, page: u32) -> Object {
    let page = document.get_pages()[&page];
    document.get_dictionary(page).unwrap().get(b"Contents").unwrap().clone()
}

/// Changes the operations of a page.
fn redraw(document: &mut Document, page: u32, change: impl Fn(&mut lopdf::content::Operation)) {
    let id: ObjectId = document.get_pages()[&page];
    let mut content = Content::decode(&document.get_page_content(id)).unwrap();
    content.operations.iter_mut().for_each(change);
    document.change_page_content(id, content.encode().unwrap()).unwrap();
}

fn is_in_window(operation: &lopdf::content::Operation) -> bool {
    let at = |index: usize| operation.operands[index].as_float().unwrap();
    operation.operator == "Tm" && at(4) < 200.0 && at(5) > 700.0
}

#[test]
fn a_file_that_was_only_saved_again_is_still_good() {
    let (pdf, pages) = file();
    assert_eq!(check::questionnaires(&edited(&pdf, |_| ()), &pages), []);
}

#[test]
fn two_persons_pages_swapped_are_found() {
    let (pdf, pages) = file();
    let swapped = edited(&pdf, |document| {
        let (second, third) = (contents(document, 2), contents(document, 3));
        let ids = document.get_pages();
        document.get_dictionary_mut(ids[&2]).unwrap().set("Contents", third);
        document.get_dictionary_mut(ids[&3]).unwrap().set("Contents", second);
    });
    let findings = check::questionnaires(&swapped, &pages);
    for page in [2, 3] {
        let expected = pages[page as usize - 1].sheet;
        assert!(findings.contains(&Finding::Sheet { page, expected }), "{findings:?}");
        assert!(findings.contains(&Finding::Addressee { page, sheet: expected }));
        assert!(findings.contains(&Finding::Name { page, sheet: expected }));
        assert!(findings.contains(&Finding::Address { page, sheet: expected }));
    }
    for page in [2, 3] {
        assert!(findings.contains(&Finding::Code { page, sheet: pages[page as usize - 1].sheet }));
    }
    assert_eq!(findings.len(), 10, "and nothing about the others: {findings:?}");
}

#[test]
fn an_address_block_moved_out_of_the_window_is_found() {
    let (pdf, pages) = file();
    // 20 mm to the right, then 4 mm up: out of what is seen in every position of the sheet.
    for (right, up) in [(0.0, 12.0), (120.0, 0.0), (-20.0, 0.0)] {
        let moved = edited(&pdf, |document| {
            redraw(document, 4, |operation| {
                if is_in_window(operation) {
                    for (index, by) in [(4, right), (5, up)] {
                        let at = operation.operands[index].as_float().unwrap();
                        operation.operands[index] = Object::Real(at + by);
                    }
                }
            });
        });
        let findings = check::questionnaires(&moved, &pages);
        assert_eq!(findings, [Finding::OutsideWindow { page: 4, sheet: pages[3].sheet }], "{right} {up}");
    }
}

#[test]
fn an_address_moved_to_another_place_of_the_page_is_found() {
    let (pdf, pages) = file();
    let moved = edited(&pdf, |document| {
        redraw(document, 1, |operation| {
            if is_in_window(operation) {
                operation.operands[5] = Object::Real(300.0);
            }
        });
    });
    let findings = check::questionnaires(&moved, &pages);
    assert_eq!(findings, [Finding::Address { page: 1, sheet: pages[0].sheet }]);
}

#[test]
fn a_dropped_page_is_found() {
    let (pdf, pages) = file();
    let dropped = edited(&pdf, |document| document.delete_pages(&[2]));
    let findings = check::questionnaires(&dropped, &pages);
    assert_eq!(findings[0], Finding::PageCount { expected: 5, found: 4 });
    assert!(findings.contains(&Finding::Sheet { page: 2, expected: pages[1].sheet }));
}

#[test]
fn another_address_than_the_manifest_s_is_found() {
    let (pdf, mut pages) = file();
    pages[0].window = pages[1].window.clone();
    let sheet = pages[0].sheet;
    assert_eq!(check::questionnaires(&pdf, &pages), [Finding::Address { page: 1, sheet }]);
}

#[test]
fn a_font_that_is_not_embedded_is_found() {
    let (pdf, pages) = file();
    let stripped = edited(&pdf, |document| {
        for object in document.objects.values_mut() {
            if let Object::Dictionary(dict) = object {
                dict.remove(b"FontFile2");
            }
        }
    });
    let findings = check::questionnaires(&stripped, &pages);
    assert!(findings.iter().any(|it| matches!(it, Finding::FontNotEmbedded { .. })), "{findings:?}");
}

#[test]
fn a_truncated_file_is_found() {
    let (pdf, pages) = file();
    for length in [0, 100, pdf.len() / 2] {
        assert!(!check::questionnaires(&pdf[..length], &pages).is_empty(), "{length}");
    }
}

#[test]
fn the_two_sides_of_different_cards_are_found() {
    let card = paper::postcard::render(&samples::fonts(), &samples::issuer(), &samples::cards()).unwrap();
    let slipped = edited(&card.pdf, |document| {
        let (second, fourth) = (contents(document, 2), contents(document, 4));
        let ids = document.get_pages();
        document.get_dictionary_mut(ids[&2]).unwrap().set("Contents", fourth);
        document.get_dictionary_mut(ids[&4]).unwrap().set("Contents", second);
    });
    let findings = check::reminders(&slipped, &card.pages);
    let sheets = [card.pages[0].sheet, card.pages[1].sheet];
    assert_eq!(findings, [2, 4].map(|page| Finding::Sheet { page, expected: sheets[page as usize / 2 - 1] }));
}

#[test]
fn findings_name_no_person() {
    let (pdf, mut pages) = file();
    pages.reverse();
    for finding in check::questionnaires(&pdf, &pages) {
        assert!(!finding.to_string().contains("北野"), "{finding}");
    }
}
