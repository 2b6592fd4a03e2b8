//! Keys as the operator configures them.

use clockify_addons::auth::Keys;
use clockify_addons::auth::keys::KeyError;
use clockify_addons::sandbox::authority::Authority;

#[test]
fn a_configured_key_is_an_rsa_key_of_a_usable_size() {
    let pem = Authority::generate().unwrap().public_pem().unwrap();
    assert!(Keys::platform().is_ok());
    assert!(Keys::pem(&pem).is_ok() && Keys::pem(&pem.replace('\n', "\r\n")).is_ok());
    assert!(Keys::pem(&pem.replace('\n', "\\n")).is_ok(), "as environment files spell the end of a line");
    assert!(Keys::pem(&format!("the old one\n{pem}\nthe new one\n{pem}")).is_ok());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, &pem).unwrap();
    assert!(Keys::pem_or_file(&pem).is_ok());
    assert!(Keys::pem_or_file(file.to_str().unwrap()).is_ok());
    assert!(Keys::pem_or_file(&format!("{}.gone", file.display())).is_err());
    for text in
        ["", "x", &pem[..200], &pem.replace("PUBLIC KEY", "CERTIFICATE"), &pem.replace("PUBLIC", "PRIVATE"), &pem.replacen('B', "!", 9)]
    {
        assert!(Keys::pem(text).is_err(), "{text}");
    }
    let short = "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdlatRjRjogo3WojgGHFHYLugdUWAY9iR3fy4arWNA1KoS8kVw33cJibXr8bvwUAUparCwlvdbH6dvEOfou0/gCFQsHUfQrSDv+MuSUMAe8jzKE4qW+jK+xQU9a03GUnKHkkle+Q0pX/g6jXZ7r1/xAK5Do2kQ+X5xK9cipRgEKwIDAQAB\n-----END PUBLIC KEY-----\n";
    assert!(matches!(Keys::pem(short), Err(KeyError::Size { bits: 1024 })));
    let curve = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n-----END PUBLIC KEY-----\n";
    assert!(matches!(Keys::pem(curve), Err(KeyError::NotRsa)));
}
