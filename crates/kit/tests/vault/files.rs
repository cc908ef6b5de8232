//! Key files: private, whole, and there.

use super::{Keys, ONE, person, room};
use kit::vault::{KeyFileError, KeyRing, VaultError, create_key_file};
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_key_file_is_made_private_and_never_overwritten() {
    let keys = Keys::new("made");
    KeyRing::open_or_create(keys.path()).unwrap();
    let file = keys.path().join("kek-0001.key");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(keys.path())), (0o600, 0o700));
    let before = std::fs::read(&file).unwrap();
    KeyRing::open_or_create(keys.path()).unwrap();
    assert!(create_key_file(&file).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let keys = Keys::new("open");
    KeyRing::open_or_create(keys.path()).unwrap();
    let file = keys.path().join("kek-0001.key");
    for mode in [0o640, 0o604, 0o620, 0o610, 0o644] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = KeyRing::open(keys.path()).err().unwrap();
        assert!(matches!(error, KeyFileError::ReadableByOthers { .. }), "{mode:o}: {error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(KeyRing::open(keys.path()).is_ok());
}

#[test]
fn a_slip_in_copying_a_key_is_seen() {
    let keys = Keys::new("slip");
    KeyRing::open_or_create(keys.path()).unwrap();
    let file = keys.path().join("kek-0001.key");
    let right = std::fs::read_to_string(&file).unwrap();
    let digit = right.chars().nth(20).unwrap();
    let other = if digit == 'a' { 'b' } else { 'a' };
    let slipped: String = right.chars().enumerate().map(|(at, c)| if at == 20 { other } else { c }).collect();
    for wrong in
        [slipped, right[..40].to_owned(), String::new(), right.replace("kek-1", "kek-2"), right.repeat(2)]
    {
        std::fs::write(&file, &wrong).unwrap();
        let error = KeyRing::open(keys.path()).err().unwrap();
        assert!(matches!(error, KeyFileError::NotAKey { .. }), "{error}");
        assert!(!error.to_string().contains(&right[14..30]), "the sentence holds no key");
    }
    std::fs::write(&file, &right).unwrap();
    assert!(KeyRing::open(keys.path()).is_ok());
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(KeyRing::open(keys.path()).err().unwrap(), KeyFileError::None { .. }));
}

#[tokio::test]
async fn with_another_installations_key_nothing_is_shown_and_the_asking_is_logged() {
    let mut room = room("foreign").await;
    room.put(person(1), ONE).await;
    let other = Keys::new("foreign-other");
    let ring = KeyRing::open_or_create(other.path()).unwrap();
    room.vault = kit::Vault::new(room.stage.kit.clone(), room.stage.db.vault_pool(), ring);
    let Err(VaultError::Failed(error)) = room.reveal(person(1)).await else { panic!("shown") };
    assert!(format!("{error:#}").contains("鍵ファイルがありません"), "{error:#}");
    assert_eq!(room.entries().await[1], "reveal_number refused vaccination no_key 1");
}
