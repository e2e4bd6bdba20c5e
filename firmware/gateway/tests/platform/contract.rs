//! What was said on the wire against `openapi.yaml`: the part of JSON Schema that the
//! file uses, and a refusal of any keyword outside it, so nothing goes unchecked.

use std::collections::BTreeSet;

use gateway::ProblemCode;
use pretend_platform::{Exchange, Operation};
use serde_json::{Map, Value, json};

pub struct Contract(Value);

impl Contract {
    pub fn load() -> Self {
        Self(serde_yaml_ng::from_str(include_str!("../../openapi.yaml")).unwrap())
    }

    /// Panics where an exchange breaks the contract.
    pub fn hold(&self, exchange: &Exchange) {
        let operation = self.operation(exchange.operation);
        let here = exchange.operation.id();
        self.hold_request(operation, exchange, here);

        let status = exchange.status.to_string();
        let responses = &operation["responses"];
        let answer = responses.get(&status).unwrap_or(&responses["default"]);
        let answer = self.resolve(answer);
        for (name, header) in answer["headers"].as_object().unwrap() {
            let header = self.resolve(header);
            let value = exchange.answered.get(name).map(|value| value.to_str().unwrap());
            match value {
                Some(value) => self.fits(&header["schema"], &json!(value), &format!("{here} {name}")),
                None => assert_ne!(header["required"], json!(true), "{here}: no {name}"),
            }
        }
        match answer.get("content").and_then(Value::as_object) {
            None => assert!(exchange.answer.is_empty(), "{here}: {status} has a body"),
            Some(content) => {
                let kind = exchange.answered["content-type"].to_str().unwrap();
                let schema = content.get(kind).unwrap_or_else(|| panic!("{here}: {status} is {kind}"));
                self.fits(&schema["schema"], &parse(&exchange.answer), &format!("{here} {status}"));
            }
        }
    }

    fn hold_request(&self, operation: &Value, exchange: &Exchange, here: &str) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = self.resolve(parameter);
            if parameter["in"] == "header" {
                let value = exchange.asked[parameter["name"].as_str().unwrap()].to_str().unwrap();
                self.fits(&parameter["schema"], &json!(value), here);
            }
        }
        let Some(body) = operation.get("requestBody") else {
            assert!(exchange.body.is_empty(), "{here} has a body");
            return;
        };
        let schema = &body["content"]["application/json"]["schema"];
        self.fits(schema, &parse(&exchange.body), &format!("{here} request"));
        if let (Some(name), Some(opened)) = (body.get("x-sealed"), &exchange.opened) {
            let schema = &self.0["components"]["schemas"][name.as_str().unwrap()];
            self.fits(schema, &parse(opened), &format!("{here} box"));
        }
    }

    fn operation(&self, operation: Operation) -> &Value {
        let method = operation.method().as_str().to_ascii_lowercase();
        &self.0["paths"][operation.path()][method]
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(to) => self.0.pointer(to.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str) {
        if let Err(why) = self.check(schema, value) {
            panic!("{at}: {why}");
        }
    }

    fn check(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolve(schema).as_object().expect("a schema is an object");
        for (keyword, rule) in schema {
            let fits = match keyword.as_str() {
                "type" => is_of_type(value, rule.as_str().unwrap()),
                "enum" => rule.as_array().unwrap().contains(value),
                "format" => value.as_str().is_none_or(|text| has_format(text, rule.as_str().unwrap())),
                "pattern" => value.as_str().is_none_or(|text| has_pattern(text, rule.as_str().unwrap())),
                "minLength" => value.as_str().is_none_or(|text| text.chars().count() >= size(rule)),
                "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= size(rule)),
                "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
                "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
                "minItems" => value.as_array().is_none_or(|items| items.len() >= size(rule)),
                "maxItems" => value.as_array().is_none_or(|items| items.len() <= size(rule)),
                "required" => {
                    rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
                }
                "items" | "properties" | "additionalProperties" | "description" | "default" => true,
                other => panic!("the contract uses '{other}', which this test does not know"),
            };
            if !fits {
                return Err(format!("{value} breaks {keyword} {rule}"));
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.check(&schema["items"], item)?;
        }
        value.as_object().map_or(Ok(()), |members| self.check_members(schema, members))
    }

    fn check_members(&self, schema: &Map<String, Value>, members: &Map<String, Value>) -> Result<(), String> {
        for (name, value) in members {
            let known = schema.get("properties").and_then(|properties| properties.get(name));
            match (known, schema.get("additionalProperties")) {
                (Some(rule), _) => self.check(rule, value).map_err(|why| format!("{name}: {why}"))?,
                (None, Some(Value::Bool(false))) => return Err(format!("{name} is not in the contract")),
                (None, Some(rule)) => self.check(rule, value)?,
                (None, None) => {}
            }
        }
        Ok(())
    }
}

fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("a body is JSON")
}

fn size(rule: &Value) -> usize {
    usize::try_from(rule.as_u64().unwrap()).unwrap()
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("type {other}"),
    }
}

fn has_format(text: &str, format: &str) -> bool {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    match format {
        "uuid" => uuid::Uuid::parse_str(text).is_ok_and(|uuid| uuid.to_string() == text),
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        "byte" => STANDARD.decode(text).is_ok(),
        other => panic!("format {other}"),
    }
}

/// The few patterns of the contract, written out.
fn has_pattern(text: &str, pattern: &str) -> bool {
    let all = |fits: fn(u8) -> bool| !text.is_empty() && text.bytes().all(fits);
    match pattern {
        "^[0-9]+$" => all(|byte| byte.is_ascii_digit()),
        "^[0-9a-f]+$" => all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        "^[a-z0-9-]+$" => all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')),
        "^[A-Z0-9-]+$" => all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'-')),
        "^[A-Za-z0-9_-]+$" => all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')),
        "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" => {
            uuid::Uuid::parse_str(text).is_ok_and(|uuid| {
                let ours = uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122;
                ours && uuid.to_string() == text
            })
        }
        other => panic!("pattern {other}"),
    }
}

#[test]
fn the_platform_serves_every_operation_but_enrolment() {
    let contract = Contract::load();
    let mut written = BTreeSet::new();
    for (path, operations) in contract.0["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation.get("x-served-by").is_none() {
                let id = operation["operationId"].as_str().unwrap();
                written.insert((id.to_owned(), method.to_ascii_uppercase(), path.clone()));
            }
        }
    }
    let served = Operation::ALL
        .map(|operation| {
            (operation.id().to_owned(), operation.method().to_string(), operation.path().to_owned())
        })
        .into_iter()
        .collect();
    assert_eq!(written, served);
    assert_eq!(written.len(), 10);
}

#[test]
fn the_client_knows_every_code_of_the_contract() {
    let contract = Contract::load();
    let codes = contract.0["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].clone();
    let codes = codes.as_array().unwrap();
    assert!(codes.len() > 20);
    for code in codes {
        let known: ProblemCode = serde_json::from_value(code.clone()).unwrap();
        assert_ne!(known, ProblemCode::Unknown, "{code}");
    }
}

#[test]
fn no_path_or_query_of_the_contract_is_about_a_person() {
    let contract = Contract::load();
    let mut names = BTreeSet::new();
    for (path, operations) in contract.0["paths"].as_object().unwrap() {
        names.extend(path.split(['{', '}']).skip(1).step_by(2).map(str::to_owned));
        for operation in operations.as_object().unwrap().values() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                names.insert(contract.resolve(parameter)["name"].as_str().unwrap().to_owned());
            }
        }
    }
    let allowed = ["Idempotency-Key", "activation", "authorization", "kiosk", "transaction", "wait"];
    assert_eq!(names, allowed.map(str::to_owned).into_iter().collect());
}

#[test]
fn what_breaks_the_contract_is_found() {
    let contract = Contract::load();
    let schema = json!({ "$ref": "#/components/schemas/CodeSent" });
    let good = json!({ "sentTo": "09x xxx x001", "expiresAt": "2026-11-21T08:05:00Z",
        "resendAfterSeconds": 30, "sendsLeft": 2 });
    assert_eq!(contract.check(&schema, &good), Ok(()));
    for (name, value) in [
        ("sendsLeft", json!("2")),
        ("sendsLeft", json!(11)),
        ("expiresAt", json!("tomorrow")),
        ("extra", json!(1)),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        assert!(contract.check(&schema, &bad).is_err(), "{bad}");
    }
    let mut short = good;
    short.as_object_mut().unwrap().remove("sentTo");
    assert!(contract.check(&schema, &short).is_err());
}
