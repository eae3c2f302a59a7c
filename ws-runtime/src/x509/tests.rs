//! Tests of what is read of certificates: of those that rcgen makes, and of damaged ones.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType, SerialNumber};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::*;

fn certificate() -> Vec<u8> {
    let mut params = CertificateParams::new(["example.org".to_owned(), "*.example.org".to_owned()]).unwrap();
    params.subject_alt_names.extend([
        SanType::Rfc822Name("alice@example.org".try_into().unwrap()),
        SanType::URI("spiffe://example.org/alice".try_into().unwrap()),
        SanType::IpAddress([127, 0, 0, 1].into()),
        SanType::DnsName("second.example.org".try_into().unwrap()),
    ]);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Example, Inc.");
    params.distinguished_name.push(DnType::CommonName, "alice");
    params.serial_number = Some(SerialNumber::from(1234_u64));
    params.not_before = rcgen::date_time_ymd(2026, 1, 2);
    params.not_after = rcgen::date_time_ymd(2050, 3, 4);
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

#[test]
fn the_fields_of_a_certificate_are_read() {
    let der = certificate();
    let fields = Certificate::read(&der).unwrap();
    assert_eq!(fields.version, 3);
    assert_eq!(Utc(fields.validity.begins).to_string(), "2026-01-02 00:00:00 UTC");
    assert_eq!(Utc(fields.validity.ends).to_string(), "2050-03-04 00:00:00 UTC");
    let names: Vec<_> = fields.dns_names().collect();
    assert_eq!(names, ["example.org", "*.example.org", "second.example.org"]);
}

#[test]
fn a_client_certificate_tells_who_it_is_for() {
    let der = CertificateDer::from(certificate());
    assert!(ClientCertificate::from_chain(&[]).is_none());
    let certificate = ClientCertificate::from_chain(&[der.clone(), der.clone()]).unwrap();
    assert_eq!(certificate.der(), &*der);
    assert_eq!(certificate.chain().count(), 2);
    assert_eq!(certificate.subject(), "CN=alice,O=Example\\, Inc.");
    assert_eq!(certificate.common_name(), Some("alice"));
    assert_eq!(certificate.dns_names().count(), 3);
    assert_eq!(certificate.uris().collect::<Vec<_>>(), ["spiffe://example.org/alice"]);
    assert_eq!(certificate.emails().collect::<Vec<_>>(), ["alice@example.org"]);
    assert_eq!(certificate.serial(), "04d2");
    assert_eq!(certificate.expires(), Some(UNIX_EPOCH + Duration::from_secs(2_529_964_800)));
    let shown = format!("{certificate:?}");
    assert!(shown.contains("alice") && shown.contains("04d2"), "{shown}");
}

/// Reads everything that can be read.
fn read_all(der: &[u8]) {
    let Some(certificate) = ClientCertificate::from_chain(&[CertificateDer::from(der.to_vec())]) else {
        return;
    };
    assert!(!certificate.subject().contains(char::is_control));
    let texts = certificate.dns_names().chain(certificate.uris()).chain(certificate.emails());
    texts.for_each(|text| assert!(text.bytes().all(|byte| byte.is_ascii_graphic())));
    let _ = (certificate.common_name(), certificate.serial(), certificate.expires());
}

#[test]
fn a_certificate_that_is_cut_off_anywhere_is_none() {
    let der = certificate();
    for end in 0..der.len() {
        assert!(Certificate::read(&der[..end]).is_none(), "{end}");
    }
}

proptest! {
    #[test]
    fn a_damaged_certificate_is_read_without_a_panic(
        damages in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut der = certificate();
        for (at, byte) in damages {
            let at = at.index(der.len());
            der[at] = byte;
        }
        read_all(&der);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }
}
