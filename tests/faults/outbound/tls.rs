//! Certificates: one that nobody vouches for is refused before a byte of the request is sent.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::server::*;

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, ..0x80) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, &content].concat()
}

/// A certificate for 127.0.0.1 that its own key has signed, good for a hundred years.
fn self_signed(key: &RsaKeyPair) -> CertificateDer<'static> {
    let sha256_with_rsa = tlv(0x30, &[b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", b"\x05\x00"]);
    let name = tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[b"\x06\x03\x55\x04\x03", &tlv(0x0c, &[b"127.0.0.1"])])])]);
    let validity = tlv(0x30, &[&tlv(0x17, &[b"200101000000Z"]), &tlv(0x18, &[b"21200101000000Z"])]);
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let alternative = tlv(0x30, &[b"\x87\x04\x7f\x00\x00\x01"]);
    let extension = tlv(0x30, &[b"\x06\x03\x55\x1d\x11", &tlv(0x04, &[&alternative])]);
    let extensions = tlv(0xa3, &[&tlv(0x30, &[&extension])]);
    let version_and_serial = b"\xa0\x03\x02\x01\x02\x02\x01\x01";
    let body = tlv(0x30, &[version_and_serial, &sha256_with_rsa, &name, &validity, &name, public.as_ref(), &extensions]);
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &aws_lc_rs::rand::SystemRandom::new(), &body, &mut signature).unwrap();
    tlv(0x30, &[&body, &sha256_with_rsa, &tlv(0x03, &[&[0], &signature])]).into()
}

/// A TLS server on loopback for one connection; it gives what it was told after the handshake, and whether there was one.
fn server() -> (u16, CertificateDer<'static>, JoinHandle<(bool, Vec<u8>)>) {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let certificate = self_signed(&key);
    let private: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(private.as_ref().to_vec()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], private)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut told = Vec::new();
        let shaken = connection.complete_io(&mut peer).is_ok() && !connection.is_handshaking();
        let _ = rustls::Stream::new(&mut connection, &mut peer).read_to_end(&mut told);
        (shaken, told)
    });
    (port, certificate, serving)
}

#[actix_web::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() {
    let (port, _, serving) = server();
    let outcome = client(&[port]).exchange(post(&format!("https://127.0.0.1:{port}/"), "s3cret")).await;
    assert_not_reached(outcome, "certificate is not accepted");
    assert_eq!(serving.join().unwrap().1, b"", "the server has not been told anything");
}

#[test]
fn the_same_certificate_is_accepted_by_who_trusts_it() {
    let (port, certificate, serving) = server();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), "127.0.0.1".try_into().unwrap()).unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.complete_io(&mut stream).unwrap();
    assert!(!connection.is_handshaking(), "so it is the missing trust, not a broken certificate, that the test above is about");
    drop(stream);
    serving.join().unwrap();
}
