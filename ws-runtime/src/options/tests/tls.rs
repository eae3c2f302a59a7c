//! Tests of `tls`: its variables, and the authorities for clients.

use super::*;

#[test]
#[cfg(feature = "tls")]
fn tls_is_two_files_in_the_attribute() {
    let (_, result) = settle(Draft::default(), NOTHING, |attribute| {
        attribute.tls(|| ("chain.pem", String::from("key.pem")).into());
    });
    assert!(result.unwrap_or_else(|error| panic!("{error}")).tls.is_some());
}

#[test]
#[cfg(not(feature = "tls"))]
fn without_the_feature_the_variables_of_tls_are_an_error_that_names_it() {
    let cert = ("WS_SERVER_TLS_CERT", "chain.pem");
    let key = ("WS_SERVER_TLS_KEY", "key.pem");
    for (variables, place) in [(&[cert, key][..], cert.0), (&[cert], cert.0), (&[key], key.0)] {
        let error = from_environment(variables).1.err().expect("there is no TLS").to_string();
        assert_eq!(
            error,
            format!(
                "`tls` needs the feature `tls` of `ws-runtime`, which is off in this build: add it to that crate's \
                 `features` in Cargo.toml (from {place})"
            )
        );
    }
}

#[test]
#[cfg(feature = "tls")]
fn tls_takes_both_variables_or_neither() {
    let cert = ("WS_SERVER_TLS_CERT", "chain.pem");
    let key = ("WS_SERVER_TLS_KEY", "key.pem");
    assert!(from_environment(&[key, cert]).1.expect("both are there").tls.is_some());
    for (variable, message) in [
        (cert, "`tls` also needs WS_SERVER_TLS_KEY: both files or neither (from WS_SERVER_TLS_CERT)"),
        (key, "`tls` also needs WS_SERVER_TLS_CERT: both files or neither (from WS_SERVER_TLS_KEY)"),
    ] {
        assert_eq!(from_environment(&[variable]).1.err().expect("one is missing").to_string(), message);
    }
}

#[test]
#[cfg(feature = "tls")]
fn variables_of_tls_are_lists_of_the_same_length() {
    let shown = |variables: &[(&str, &str)]| match from_environment(variables).1 {
        Ok(settled) => format!("{:?}", settled.tls.expect("it is there")),
        Err(error) => error.to_string(),
    };
    let certs = ("WS_SERVER_TLS_CERT", "a.pem, b.pem");
    assert_eq!(shown(&[certs, ("WS_SERVER_TLS_KEY", "a.key,b.key")]), "Tls(a.pem, a.key; b.pem, b.key)");
    assert_eq!(
        shown(&[certs, ("WS_SERVER_TLS_KEY", "a.key")]),
        "`tls` needs as many files in WS_SERVER_TLS_KEY, in the same order: there are 2 and 1 (from WS_SERVER_TLS_CERT)"
    );
}

#[test]
#[cfg(feature = "tls")]
fn authorities_for_clients_hold_for_certificates_from_elsewhere() {
    let files = [("WS_SERVER_TLS_CERT", "a.pem"), ("WS_SERVER_TLS_KEY", "a.key")];
    let required = ("WS_SERVER_TLS_CLIENT_CA", "c.pem");
    let optional = ("WS_SERVER_TLS_OPTIONAL_CLIENT_CA", "o.pem");
    let declared = |attribute: &mut Attribute<'_>| {
        attribute.tls(|| ("own.pem", "own.key").into());
        attribute.tls_client_ca(|| ClientCa::required("own-c.pem"));
    };
    let nothing = |_: &mut Attribute<'_>| {};
    type Declares<'d> = &'d dyn Fn(&mut Attribute<'_>);
    for (declares, variables, expected) in [
        (&declared as Declares<'_>, vec![], "Tls(own.pem, own.key; client_ca own-c.pem)"),
        (&declared, files.to_vec(), "Tls(a.pem, a.key; client_ca own-c.pem)"),
        (&declared, vec![optional], "Tls(own.pem, own.key; optional_client_ca o.pem)"),
        (&declared, vec![files[0], files[1], required], "Tls(a.pem, a.key; client_ca c.pem)"),
        (&nothing, vec![files[0], files[1], optional], "Tls(a.pem, a.key; optional_client_ca o.pem)"),
        (
            &nothing,
            vec![required],
            "`tls` also needs WS_SERVER_TLS_CERT and WS_SERVER_TLS_KEY (from WS_SERVER_TLS_CLIENT_CA)",
        ),
        (
            &declared,
            vec![required, optional],
            "`tls` is given both WS_SERVER_TLS_CLIENT_CA, which requires a certificate of each client, and \
             WS_SERVER_TLS_OPTIONAL_CLIENT_CA, which does not: remove one (from WS_SERVER_TLS_CLIENT_CA)",
        ),
    ] {
        let (warnings, result) = settle(Draft::default(), variables, declares);
        assert_eq!(warnings, []);
        let shown = match result {
            Ok(settled) => format!("{:?}", settled.tls.expect("it is there")),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected);
    }
}

#[test]
#[cfg(feature = "tls")]
fn what_the_builder_says_of_tls_is_whole() {
    let mut draft = Draft::default();
    draft.tls.set(Source::Builder, ("b.pem", "b.key").into());
    let variables = [("WS_SERVER_TLS_CLIENT_CA", "c.pem")];
    let (warnings, result) = settle(draft, variables, |attribute| {
        attribute.tls_client_ca(|| unreachable!("it is not used"));
    });
    assert_eq!(format!("{:?}", result.expect("it is right").tls.expect("it is there")), "Tls(b.pem, b.key)");
    assert!(
        matches!(&*warnings, [warning] if warning.to_string().starts_with("WS_SERVER_TLS_CLIENT_CA has no effect"))
    );
}
