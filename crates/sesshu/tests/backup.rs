//! Backup and restore as an operator does them, on an installation without residents. The drill under load is
//! `bin/test restore`.

use std::fs::{DirBuilder, read, read_dir, write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::run::sesshu;

/// A folder of this test alone that the database's user may pass; removed at the end.
struct Room(PathBuf);

impl Room {
    fn new(name: &str) -> Room {
        let dir = std::env::temp_dir().join(format!("sesshu-backup-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&dir).ok();
        DirBuilder::new().mode(0o711).create(&dir).expect("the room can be made");
        Room(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("plain names").to_owned()
    }

    fn names(&self) -> Vec<String> {
        names(&self.0)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs a command that must succeed, and gives what it wrote.
fn done(args: &[&str]) -> String {
    let output = sesshu(args, b"");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that must be refused in one sentence.
fn refused(args: &[&str]) -> String {
    let output = sesshu(args, b"");
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    said
}

fn init(dir: &str, name: &str) {
    done(&["init", "--dir", dir, "--municipality", "131172", "--name", name, "--id-manager", "kanri01"]);
}

#[test]
fn what_was_backed_up_comes_back_proved_and_nothing_else_is_taken() {
    let room = Room::new("whole");
    let (data, out, key) = (room.path("data"), room.path("out/"), room.path("key.txt"));
    init(&data, "前の市");
    DirBuilder::new().recursive(true).create(Path::new(&data).join("files/131172")).unwrap();
    write(Path::new(&data).join("files/131172/list.pdf"), b"paper").unwrap();
    write(Path::new(&data).join("files/kek-0001.key"), b"of the vault").unwrap();
    let public = done(&["backup", "--new-key", &key]);
    refused(&["backup", "--new-key", &key]);
    let take = ["backup", "--dir", &data, "--out", &out, "--recipient", public.trim()];
    done(&take);
    let first = names(Path::new(&out)).into_iter().find(|name| name.ends_with(".age")).unwrap();
    let first = format!("{out}{first}");
    // Written after the backup: it comes by the log.
    init(&data, "後の市");
    done(&["backup", "--dir", &data, "--out", &room.path("once.age"), "--recipient", public.trim()]);
    let sealed = read(&first).unwrap();
    assert!(!sealed.windows(9).any(|bytes| bytes == "前の市".as_bytes()), "sealed, not only packed");

    let before = room.names();
    for (name, bytes) in [("cut", &sealed[..sealed.len() - 1]), ("half", &sealed[..sealed.len() / 2])] {
        write(room.path(name), bytes).unwrap();
        let said = refused(&["restore", &room.path(name), "--dir", &room.path("new"), "--key", &key]);
        assert!(said.contains("途中で切れている"), "{said}");
        std::fs::remove_file(room.path(name)).unwrap();
    }
    let mut changed = sealed.clone();
    changed[sealed.len() / 3] ^= 1;
    write(room.path("changed"), &changed).unwrap();
    let said = refused(&["restore", &room.path("changed"), "--dir", &room.path("new"), "--key", &key]);
    assert!(said.contains("書き換えられています"), "{said}");
    std::fs::remove_file(room.path("changed")).unwrap();
    done(&["backup", "--new-key", &room.path("other.txt")]);
    let said = refused(&["restore", &first, "--dir", &room.path("new"), "--key", &room.path("other.txt")]);
    assert!(said.contains("この鍵では"), "{said}");
    std::fs::remove_file(room.path("other.txt")).unwrap();
    let said = refused(&[
        "restore",
        &first,
        "--dir",
        &room.path("new"),
        "--key",
        &key,
        "--until",
        "2026-01-01T00:00:00",
    ]);
    assert!(said.contains("もっと古いバックアップ"), "{said}");
    let said = refused(&[
        "restore",
        &first,
        "--dir",
        &room.path("new"),
        "--key",
        &key,
        "--until",
        "2099-01-01T00:00:00",
    ]);
    assert!(said.contains("届きません"), "{said}");
    let said = refused(&["restore", &first, "--dir", &data, "--key", &key]);
    assert!(said.contains("空ではありません"), "{said}");
    assert_eq!(room.names(), before, "nothing is left of what was refused");

    let new = room.path("new");
    done(&["restore", &first, "--dir", &new, "--key", &key]);
    assert_eq!(read(Path::new(&new).join("files/131172/list.pdf")).unwrap(), b"paper");
    assert_eq!(names(&Path::new(&new).join("files")), ["131172"], "keys have an escrow of their own");
    let looked = String::from_utf8(sesshu(&["doctor", "--dir", &new], b"").stdout).unwrap();
    assert!(looked.contains("後の市(健康管理) は改変なし"), "{looked}");
}

#[test]
fn the_operator_of_a_managed_server_is_told_who_backs_it_up() {
    let said = refused(&[
        "backup",
        "--database",
        "postgres://a:b@db.example/postgres",
        "--out",
        "/tmp/x",
        "--recipient",
        "age1",
    ]);
    assert!(said.contains("そのサーバーの運用者"), "{said}");
}
