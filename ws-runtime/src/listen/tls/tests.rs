//! Tests of certificates and keys that can be read, and of the errors for others.

use std::error::Error as _;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use super::*;

fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[test]
fn a_certificate_and_its_key_give_http_1_1_without_early_data() {
    let (certificate, key) = pair();
    let acceptor = Tls::pem(&certificate, &key).load().unwrap().acceptor();
    let config = acceptor.config();
    assert_eq!(config.alpn_protocols, [b"http/1.1".to_vec()]);
    assert_eq!(config.max_early_data_size, 0);
    assert!(config.ticketer.enabled());
}

#[test]
fn certificate_and_key_may_be_in_one_text() {
    let (certificate, key) = pair();
    let both = certificate + &key;
    Tls::pem(&both, &both).check().unwrap();
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let ((certificate, _), (_, key)) = (pair(), pair());
    let error = Tls::pem(certificate, key).check().unwrap_err();
    assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
}

/// Windows editors begin a text with a byte order mark; files that are joined have one in the middle.
#[test]
fn byte_order_marks_are_skipped() {
    let (certificate, key) = pair();
    let (certificate, key) = (format!("\u{feff}{certificate}"), format!("\u{feff}{key}"));
    Tls::pem(&certificate, &key).check().unwrap();
    let both = format!("{certificate}{key}");
    Tls::pem(&both, &both).check().unwrap();
}

#[test]
fn the_error_names_what_the_pem_lacks() {
    let (certificate, key) = pair();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let both = format!("{certificate}{ENCRYPTED_BY_HEADER}");
    let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    for (certificate, key, part_of_message) in [
        ("", key.as_str(), "no certificate in the certificate's PEM text"),
        (&certificate, "", "no private key in the key's PEM text"),
        (&key, &certificate, "swapped"),
        (&certificate, &certificate, "swapped"),
        (&certificate, encrypted, "encrypted: decrypt it"),
        (&certificate, ENCRYPTED_BY_HEADER, "the private key in the key's PEM text is encrypted: decrypt it"),
        (&both, &both, "the private key in the certificate's PEM text is encrypted: decrypt it"),
        (VERSION_1, KEY_OF_VERSION_1, "the certificate's PEM text is of X.509 version 1"),
        (broken, &key, "the certificate's PEM text is broken PEM"),
        (cut, &key, "`-----END CERTIFICATE-----` is missing; copy the whole"),
    ] {
        let message = Tls::pem(certificate, key).check().unwrap_err().to_string();
        assert!(message.contains(part_of_message), "{message}");
    }
}

#[test]
fn the_error_says_if_the_file_is_not_pem() {
    let (certificate, key) = pair();
    let utf_16: Vec<u8> = format!("\u{feff}{key}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let der = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    for (key, part_of_message) in [
        (utf_16.as_slice(), "it is UTF-16: save it as UTF-8"),
        (der.secret_der(), "it is binary (DER or PKCS #12): convert it"),
    ] {
        let message = Tls::pem(&certificate, key).check().unwrap_err().to_string();
        assert!(message.contains(part_of_message), "{message}");
        let message = Tls::pem(key, &certificate).check().unwrap_err().to_string();
        assert!(message.contains(part_of_message), "{message}");
    }
}

#[test]
fn a_missing_file_is_named_with_the_cause() {
    let error = Tls::files("/nowhere/chain.pem", "/nowhere/key.pem").check().unwrap_err();
    assert!(error.to_string().contains("certificate for TLS from /nowhere/chain.pem"), "{error}");
    assert!(error.source().is_some());
    let message = Tls::files("chain.pem", "key.pem").check().unwrap_err().to_string();
    let here = std::env::current_dir().unwrap().join("chain.pem");
    assert!(message.contains(here.to_str().unwrap()), "{message}");
}

#[test]
fn debug_output_contains_nothing_of_the_key() {
    assert_eq!(format!("{:?}", Tls::pem("c", "secret")), "Tls(PEM)");
    let tls = Tls::files("a.pem", "a.key").and_files("b.pem", "b.key").and_pem("c", "secret");
    let shown = format!("{:?}", tls.clone().client_ca("clients.pem"));
    assert_eq!(shown, "Tls(a.pem, a.key; b.pem, b.key; PEM; client_ca clients.pem)");
    let shown = format!("{:?}", tls.client_ca("clients.pem").optional_client_ca_pem("authorities"));
    assert_eq!(shown, "Tls(a.pem, a.key; b.pem, b.key; PEM; optional_client_ca PEM)");
}

#[test]
fn all_mistakes_are_found_at_once() {
    let ((certificate, key), (other, _)) = (pair(), pair());
    let tls = Tls::pem(&other, &key).and_pem(&certificate, &key).and_pem("", &key).client_ca_pem("");
    let errors = tls.load().err().unwrap();
    let [first, second, third] = &*errors else { panic!("{errors:?}") };
    assert!(matches!(first, TlsError::Mismatch { .. }), "{first}");
    assert_eq!(second.to_string(), third.to_string().replace("client_ca", "certificate"));
    assert!(matches!(second, TlsError::NoCertificate { .. }), "{second}");
}

#[test]
fn only_the_first_certificate_may_be_without_names() {
    let (certificate, key) = pair();
    let tls = Tls::pem(VERSION_3_WITHOUT_NAMES, KEY_OF_VERSION_1).and_pem(&certificate, &key);
    tls.check().unwrap();
    let error = Tls::pem(&certificate, &key).and_pem(VERSION_3_WITHOUT_NAMES, KEY_OF_VERSION_1).check();
    assert!(matches!(error, Err(TlsError::NoNames { .. })), "{error:?}");
}

#[test]
fn a_configuration_of_the_user_is_used_as_it_is() {
    let (certificate, key) = pair();
    let config = Tls::pem(&certificate, &key).load().unwrap().acceptor().config().clone();
    let tls = Tls::from(config);
    tls.check().unwrap();
    assert_eq!(tls.load().unwrap().expires(), None);
    let error = tls.and_pem(&certificate, &key).client_ca("clients.pem").check().unwrap_err();
    assert!(
        error.to_string().starts_with("`and_pem` cannot be added to a `rustls::ServerConfig`"),
        "{error}"
    );
}

#[test]
fn sessions_are_not_resumed_where_clients_show_certificates() {
    let (certificate, key) = pair();
    for tls in [
        Tls::pem(&certificate, &key).client_ca_pem(&certificate),
        Tls::pem(&certificate, &key).optional_client_ca_pem(&certificate),
    ] {
        let acceptor = tls.load().unwrap().acceptor();
        let config = acceptor.config();
        assert!(!config.ticketer.enabled() && !config.session_storage.can_cache());
        assert_eq!(config.send_tls13_tickets, 0);
    }
}

/// By `openssl ec -aes128`: RFC 1421, section 4.6.1.
const ENCRYPTED_BY_HEADER: &str = "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,E26D3AE2D43BDE42D6C666F5FDE1D550

XapDBtnduIumMyhVCWwLT1FkuBTv1BI1dFFMXLNfmteJxCRNQeXBMm92n4a7UuT4
2N9/9KQzpzW7R6OLOtnjLF/frv/awsIXX6WzmLyyEDSSa3k1j0GUDtzApnwmSPy1
kSNIPNwDbguHSJ13wQlJjHZMB4PUk7frzY57+YnFTGw=
-----END EC PRIVATE KEY-----
";

/// By `openssl x509 -req` without extensions, as OpenSSL up to 3.0 makes it.
const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBJDCBywIUYW3Jsl2hX9EmsJZUSvLhBCqDI68wCgYIKoZIzj0EAwIwFDESMBAG
A1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjA0MjcwNVoYDzIxMjYxMTAyMDQyNzA1
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATdHFrjN+VIhPlkE2/nKLRW1HYJFRKLBdbNYVFn7kyEr0s1ayYBYeJKuwHizSc0
58hLKKiJmJW2KPTVCCu3NrfXMAoGCCqGSM49BAMCA0gAMEUCIQDCj33OJDZOMsjL
ePSEf9QTS+/Ayx1jkRdEXSgoYbsIGQIgUb9rn5mkjoyRUX780EGuBrbNshUfPT/4
nbEG5fsO0sw=
-----END CERTIFICATE-----
";

const KEY_OF_VERSION_1: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgnnoyp3tNEd0rt5uk
FQE9VFUGXPLzNTynskLp/EZxNZihRANCAATdHFrjN+VIhPlkE2/nKLRW1HYJFRKL
BdbNYVFn7kyEr0s1ayYBYeJKuwHizSc058hLKKiJmJW2KPTVCCu3NrfX
-----END PRIVATE KEY-----
";

/// By `openssl req -x509 -key … -subj /CN=localhost`.
const VERSION_3_WITHOUT_NAMES: &str = "\
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUZ/7fG9YMNSoThjxC351zguVHrEwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjE0MjAwN1oYDzIxMjYxMTAy
MTQyMDA3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATdHFrjN+VIhPlkE2/nKLRW1HYJFRKLBdbNYVFn7kyEr0s1ayYBYeJK
uwHizSc058hLKKiJmJW2KPTVCCu3NrfXo00wSzAdBgNVHQ4EFgQU8WStO1vS41Qk
lmBnxwlF8U4isq8wHwYDVR0jBBgwFoAU8WStO1vS41QklmBnxwlF8U4isq8wCQYD
VR0TBAIwADAKBggqhkjOPQQDAgNIADBFAiBe7URi8tYo8FpDgswkUSiGqfBqmPxn
c1R+2+XCvyeHewIhAP7ITzH8fybI2VhisL2x3V9Xlic2GBbThB4FeFsett6u
-----END CERTIFICATE-----
";
