//! Whatever stands in a file of CDC's supporting data: it is read, or refused with an error that names the file.
#![no_main]

#[path = "../../crates/sesshu/src/forecast/cdc_data.rs"]
mod cdc_data;

use libfuzzer_sys::fuzz_target;
use std::{path::PathBuf, sync::LazyLock};

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("sesshu-fuzz-xml-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    folder
});

fuzz_target!(|input: &[u8]| {
    // The first byte says where the schedule ends and the antigen begins.
    let Some((cut, text)) = input.split_first() else { return };
    let (schedule, antigen) = text.split_at(text.len() * usize::from(*cut) / 256);
    std::fs::write(FOLDER.join("ScheduleSupportingData.xml"), schedule).expect("a temporary file can be written");
    std::fs::write(FOLDER.join("AntigenSupportingData-A.xml"), antigen).expect("a temporary file can be written");
    cdc_data::read(&FOLDER).ok();
});
