//! Sealed values open with their key, at their place, unharmed, and never otherwise.

use std::os::unix::fs::PermissionsExt;

use actors::addon::Addon;
use actors::ids::WorkspaceId;

use super::*;

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn row(last: char) -> RowKey {
    RowKey { addon: Addon::UniversalWebhook, workspace: WorkspaceId::parse(&format!("5b641568b07987035750505{last}")).unwrap() }
}

fn key(digit: char) -> Secret {
    Secret::new(digit.to_string().repeat(64))
}

fn ring(current: char, previous: Option<char>) -> Keyring {
    Keyring::new(&key(current), previous.map(key).as_ref()).unwrap()
}

fn unreadable(opened: &Result<Secret, Error>, word: &str) -> bool {
    matches!(opened, Err(Error::Unreadable(text)) if text.contains(word))
}

#[test]
fn a_secret_opens_again_and_its_seal_never_repeats() {
    let ring = ring('a', None);
    let secret = Secret::new("eyJ.installation.token");
    let sealed = ring.seal(&secret, row('1'), "token").unwrap();
    assert_eq!(ring.open(&sealed, row('1'), "token").unwrap(), secret);
    assert_ne!(ring.seal(&secret, row('1'), "token").unwrap(), sealed);
    assert!(!sealed.windows(4).any(|window| secret.expose().as_bytes().windows(4).any(|clear| clear == window)));
    let empty = ring.seal(&Secret::new(""), row('1'), "token").unwrap();
    assert_eq!(ring.open(&empty, row('1'), "token").unwrap(), Secret::new(""));
}

#[test]
fn a_sealed_value_opens_nowhere_but_at_its_place() {
    let ring = ring('a', None);
    let sealed = ring.seal(&Secret::new("secret"), row('1'), "token").unwrap();
    assert!(unreadable(&ring.open(&sealed, row('2'), "token"), "damaged or belongs elsewhere"));
    assert!(unreadable(&ring.open(&sealed, row('1'), "other"), "damaged or belongs elsewhere"));
}

#[test]
fn a_changed_bit_anywhere_or_a_missing_end_is_noticed() {
    let ring = ring('a', None);
    let sealed = ring.seal(&Secret::new("secret"), row('1'), "token").unwrap();
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(matches!(ring.open(&changed, row('1'), "token"), Err(Error::Unreadable(_))), "byte {index}");
        assert!(matches!(ring.open(&sealed[..index], row('1'), "token"), Err(Error::Unreadable(_))), "{index} bytes");
    }
}

#[test]
fn another_key_does_not_open_and_says_which_one_is_missing() {
    let sealed = ring('a', None).seal(&Secret::new("secret"), row('1'), "token").unwrap();
    let opened = ring('b', None).open(&sealed, row('1'), "token");
    assert!(unreadable(&opened, &ring('a', None).current.id.to_string()), "{opened:?}");
}

#[test]
fn the_former_key_still_opens_and_the_new_one_seals() {
    let before = ring('a', None);
    let sealed = before.seal(&Secret::new("secret"), row('1'), "token").unwrap();
    let rotated = ring('b', Some('a'));
    let secret = rotated.open(&sealed, row('1'), "token").unwrap();
    let anew = rotated.anew(&sealed, row('1'), "token").unwrap();
    assert_eq!(rotated.anew(&anew, row('1'), "token"), None);
    assert_eq!(ring('c', None).anew(&sealed, row('1'), "token"), None);
    assert!(rotated.knows(&sealed) && rotated.knows(&anew) && !ring('b', None).knows(&sealed));
    assert_eq!(ring('b', None).open(&anew, row('1'), "token").unwrap(), secret);
    assert!(before.open(&anew, row('1'), "token").is_err());
}

#[test]
fn a_key_is_read_in_every_spelling_and_nothing_else_is_one() {
    let id = |text: &str| SealingKey::parse(text).unwrap().id.0;
    let unpadded = BASE64.trim_end_matches('=');
    for spelling in [HEX.to_uppercase(), BASE64.to_owned(), unpadded.to_owned(), format!(" {BASE64}\n")] {
        assert_eq!(id(&spelling), id(HEX), "{spelling}");
    }
    assert_eq!(id(&format!("{}8=", "_".repeat(42))), id(&"ff".repeat(32)));
    assert_eq!(id(&format!("{}8=", "/".repeat(42))), id(&"ff".repeat(32)));
    for bad in ["", "secret", &HEX[..62], &format!("{HEX}00"), &BASE64[..40], &"z".repeat(64)] {
        assert!(check(bad).is_err(), "{bad}");
    }
    check(generate().unwrap().expose()).unwrap();
    assert_ne!(generate().unwrap(), generate().unwrap());
}

#[test]
fn nothing_about_a_keyring_is_printed() {
    let shown = format!("{:?}", ring('a', Some('b')));
    assert!(!shown.contains("aaaa") && !shown.contains("bbbb"), "{shown}");
}

#[test]
fn without_a_key_a_file_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/x.key");
    let first = Keyring::load(None, None, &path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let sealed = first.seal(&Secret::new("secret"), row('1'), "token").unwrap();
    let again = Keyring::load(None, None, &path).unwrap();
    assert_eq!(again.open(&sealed, row('1'), "token").unwrap(), Secret::new("secret"));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn many_that_make_the_key_file_at_once_agree_on_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.key");
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Keyring::load(None, None, &path).unwrap().current.id.0)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
}

#[test]
fn an_operator_may_move_from_the_file_to_a_key_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.key");
    let sealed = Keyring::load(None, None, &path).unwrap().seal(&Secret::new("secret"), row('1'), "token").unwrap();
    let moved = Keyring::load(Some(&key('c')), None, &path).unwrap();
    assert_eq!(moved.open(&sealed, row('1'), "token").unwrap(), Secret::new("secret"));
    let anew = moved.seal(&Secret::new("secret"), row('1'), "token").unwrap();
    assert!(ring('c', None).open(&anew, row('1'), "token").is_ok());
}

#[test]
fn a_given_key_makes_no_file_and_a_file_without_a_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.key");
    Keyring::load(Some(&key('c')), None, &path).unwrap();
    assert!(!path.exists());
    std::fs::write(&path, "not a key").unwrap();
    assert!(matches!(Keyring::load(None, None, &path), Err(KeyError::NotAKey(_))));
    assert!(matches!(Keyring::load(Some(&Secret::new("x")), None, &folder.path().join("y")), Err(KeyError::Malformed)));
}
