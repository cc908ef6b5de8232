//! Checkpoints against the example of the C2SP specification, and against OpenSSL.

use kit::audit::note::{Checkpoint, Key, NoteError, PublicKey, origin};
use kit::audit::tree;
use std::process::Command;

/// The example of c2sp.org/tlog-checkpoint.
const NOTE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
/// The key that the documentation of Go's note package signs its example with.
const PETER_NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: origin("health", super::KITA), size: 9, root: tree::leaf(b"x") }
}

#[test]
fn a_checkpoint_of_someone_else_is_read_as_the_specification_says() {
    let read = Checkpoint::read(NOTE).unwrap();
    assert_eq!((read.origin.as_str(), read.size), ("example.com/behind-the-sofa", 20_852_163));
    let key = PublicKey::read(PETER_NEUMANN).expect("the id follows from name and key as everywhere");
    assert_eq!(Checkpoint::open(NOTE, &key), Err(NoteError::OtherKey));
}

#[test]
fn no_byte_of_a_checkpoint_can_change_unseen() {
    let key = Key::generate().unwrap();
    let note = checkpoint().sign(&key);
    assert_eq!(Checkpoint::open(&note, &key.public()).unwrap(), checkpoint());
    assert_eq!(Checkpoint::open(&note, &Key::generate().unwrap().public()), Err(NoteError::OtherKey));
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(Checkpoint::open(&changed, &key.public()).is_err(), "byte {at}, bit {bit}: {changed}");
        }
    }
    for changed in
        [format!("{note}\n"), note.replacen("\n\n", "\nextension\n\n", 1), note.replace("\n9\n", "\n09\n")]
    {
        assert!(Checkpoint::open(&changed, &key.public()).is_err(), "{changed}");
    }
}

#[test]
fn a_public_key_is_read_in_every_form_it_is_written_in() {
    for _ in 0..50 {
        let key = Key::generate().unwrap();
        let public = key.public();
        assert_eq!(PublicKey::read(&public.to_pem()), Some(public));
        assert_eq!(PublicKey::read(&public.verifier_key("sesshu/131172/health")), Some(public));
        assert_eq!(Key::of_pem(&key.to_pem().unwrap()).unwrap().public(), public);
    }
    let vkey = Key::generate().unwrap().public().verifier_key("sesshu/131172/health");
    assert_eq!(PublicKey::read(&vkey.replace("131172", "131199")), None, "the id belongs to the name");
}

#[test]
fn openssl_reads_the_keys_and_accepts_the_signature() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let dir = std::env::temp_dir().join(format!("sesshu-note-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let key = Key::generate().unwrap();
    let note = checkpoint().sign(&key);
    let (text, signature) = note.split_once("\n\n").unwrap();
    let signature = STANDARD.decode(signature.trim_end().rsplit(' ').next().unwrap()).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(dir.join(name), bytes).unwrap();
        dir.join(name)
    };
    let (text, signature) =
        (file("text", format!("{text}\n").as_bytes()), file("signature", &signature[4..]));
    let (public, private) = (
        file("public.pem", key.public().to_pem().as_bytes()),
        file("key.pem", key.to_pem().unwrap().as_bytes()),
    );
    let verify = Command::new("openssl")
        .args(["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey"])
        .arg(&public)
        .arg("-in")
        .arg(&text)
        .arg("-sigfile")
        .arg(&signature)
        .output()
        .unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stderr));
    let read = Command::new("openssl").args(["pkey", "-pubout", "-in"]).arg(&private).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&read.stdout), key.public().to_pem());
    std::fs::remove_dir_all(&dir).ok();
}
