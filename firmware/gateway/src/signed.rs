//! Is this answer the platform's, to this request, and of now? HTTP Message Signatures
//! (RFC 9421) in the one form that `openapi.yaml` allows, with Content-Digest (RFC 9530).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use keys::{AnswerContext, PlatformKey, Signature};
use reqwest::header::HeaderMap;
use sha2::{Digest as _, Sha256};

use crate::GatewayError;

/// How far our clock may be from the platform's, in seconds (`openapi.yaml`, Transport).
const CLOCK_SKEW: i64 = 120;

/// The request, as far as the signature covers it.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) key: Option<&'a str>,
}

/// The answer, as far as the signature covers it.
pub(crate) struct Answered<'a> {
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Whether an answer pretends to be signed at all; a proxy's is not.
pub(crate) fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key("signature")
}

/// Checks digest, signature and date, in this order.
pub(crate) fn check(
    asked: &Asked<'_>,
    answered: &Answered<'_>,
    platform: &PlatformKey,
    now: Timestamp,
) -> Result<(), GatewayError> {
    let not_trusted = |why| GatewayError::NotTrusted { why };
    let header = |name| one(answered.headers, name);
    let digest = header("content-digest").ok_or(not_trusted("no digest"))?;
    if digest != format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(answered.body))) {
        return Err(not_trusted("the digest does not fit the body"));
    }
    let date = header("date").ok_or(not_trusted("no date"))?;
    let params = header("signature-input")
        .and_then(|text| text.strip_prefix("platform="))
        .filter(|params| follows_the_contract(params, asked.key.is_some()))
        .ok_or(not_trusted("the signature does not cover what it must"))?;
    let signature = header("signature").and_then(signature).ok_or(not_trusted("no signature"))?;
    let base = base(asked, answered.status, digest, date, params);
    platform
        .verify(AnswerContext::Answer, base.as_bytes(), &signature)
        .map_err(|_| not_trusted("the signature is not the platform's over this answer"))?;

    let date = DateTimeParser::new().parse_timestamp(date).map_err(|_| not_trusted("no date"))?;
    let seconds = now.as_second() - date.as_second();
    if seconds.abs() > CLOCK_SKEW {
        return Err(GatewayError::ClockSkew { seconds });
    }
    Ok(())
}

/// RFC 9421 section 2.5.
fn base(asked: &Asked<'_>, status: u16, digest: &str, date: &str, params: &str) -> String {
    let Asked { method, path, key } = asked;
    let mut base = format!(
        "\"@status\": {status}\n\"content-digest\": {digest}\n\"date\": {date}\n\
         \"@method\";req: {method}\n\"@path\";req: {path}\n"
    );
    if let Some(key) = key {
        base += "\"idempotency-key\";req: ";
        base += key;
        base += "\n";
    }
    base += "\"@signature-params\": ";
    base += params;
    base
}

/// Exactly our components in our order, `created`, `keyid`; nothing else is understood.
fn follows_the_contract(params: &str, with_key: bool) -> bool {
    let components = if with_key {
        r#"("@status" "content-digest" "date" "@method";req "@path";req "idempotency-key";req);created="#
    } else {
        r#"("@status" "content-digest" "date" "@method";req "@path";req);created="#
    };
    params
        .strip_prefix(components)
        .and_then(|rest| rest.strip_suffix(r#";keyid="platform""#))
        .is_some_and(|created| !created.is_empty() && created.bytes().all(|byte| byte.is_ascii_digit()))
}

fn signature(text: &str) -> Option<Signature> {
    let text = text.strip_prefix("platform=:")?.strip_suffix(':')?;
    text.parse().ok()
}

/// A header that stands there once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let only = values.next()?;
    if values.next().is_some() { None } else { only.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use getrandom::{SysRng, rand_core::UnwrapErr};
    use keys::PlatformSecret;

    use super::*;

    const NOW: &str = "2026-11-21T08:00:00Z";
    const DATE: &str = "Sat, 21 Nov 2026 08:00:00 GMT";
    const PARAMS: &str = r#"("@status" "content-digest" "date" "@method";req "@path";req "idempotency-key";req);created=1795248000;keyid="platform""#;

    /// A signed answer, and what each test changes of it after signing.
    struct Case {
        path: &'static str,
        key: &'static str,
        status: u16,
        body: &'static str,
        params: String,
        extra: Option<(&'static str, &'static str)>,
    }

    impl Case {
        fn good() -> Self {
            Self {
                path: "/v1/transactions",
                key: "01900000-0000-7000-8000-000000000001",
                status: 200,
                body: "{}",
                params: PARAMS.to_owned(),
                extra: None,
            }
        }

        fn asked(&self) -> Asked<'_> {
            Asked { method: "POST", path: self.path, key: Some(self.key) }
        }

        fn digest(&self) -> String {
            format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(self.body)))
        }
    }

    /// Signs `signed` and shows the client `shown` under that signature.
    fn judge(signed: &Case, shown: &Case, now: &str) -> Result<(), GatewayError> {
        let platform = PlatformSecret::generate(&mut UnwrapErr(SysRng));
        let base = base(&signed.asked(), signed.status, &signed.digest(), DATE, &signed.params);
        let signature = platform.sign(AnswerContext::Answer, base.as_bytes());
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: String| headers.append(name, value.parse().unwrap());
        add("content-digest", shown.digest());
        add("date", DATE.to_owned());
        add("signature-input", format!("platform={}", shown.params));
        add("signature", format!("platform=:{signature}:"));
        if let Some((name, value)) = shown.extra {
            add(name, value.to_owned());
        }
        let answered = Answered { status: shown.status, headers: &headers, body: shown.body.as_bytes() };
        check(&shown.asked(), &answered, &platform.public(), now.parse().unwrap())
    }

    #[test]
    fn an_answer_to_this_request_of_now_is_believed() {
        assert!(judge(&Case::good(), &Case::good(), NOW).is_ok());
    }

    #[test]
    fn an_answer_to_another_request_is_not() {
        let path = Case { path: "/v1/eid/activations", ..Case::good() };
        let key = Case { key: "01900000-0000-7000-8000-000000000002", ..Case::good() };
        for other in [path, key] {
            assert!(matches!(judge(&other, &Case::good(), NOW), Err(GatewayError::NotTrusted { .. })));
        }
    }

    #[test]
    fn an_answer_changed_on_the_way_is_not() {
        let status = Case { status: 201, ..Case::good() };
        let body = Case { body: r#"{"state":"active"}"#, ..Case::good() };
        for changed in [status, body] {
            assert!(matches!(judge(&Case::good(), &changed, NOW), Err(GatewayError::NotTrusted { .. })));
        }
    }

    #[test]
    fn a_signature_that_covers_less_than_the_contract_wants_is_none() {
        let less = PARAMS.replace(r#" "content-digest""#, "");
        let other = PARAMS.replace("platform", "somebody");
        let more = format!("{PARAMS};alg=\"hmac-sha256\"");
        for params in [less, other, more] {
            let case = Case { params: params.clone(), ..Case::good() };
            let error = judge(&case, &case, NOW).unwrap_err();
            assert!(matches!(error, GatewayError::NotTrusted { why } if why.contains("cover")), "{params}");
        }
    }

    #[test]
    fn a_header_that_stands_twice_is_ambiguous_and_not_believed() {
        let twice = Case { extra: Some(("date", "Sat, 21 Nov 2026 09:00:00 GMT")), ..Case::good() };
        assert!(matches!(judge(&Case::good(), &twice, NOW), Err(GatewayError::NotTrusted { .. })));
    }

    #[test]
    fn an_old_answer_is_a_wrong_clock() {
        let error = judge(&Case::good(), &Case::good(), "2026-11-21T08:02:01Z").unwrap_err();
        assert!(matches!(error, GatewayError::ClockSkew { seconds: 121 }));
    }
}
