//! Which targets are meant: the part of hawkBit's query language (RSQL) that rollouts need.
//! `==`, `!=`, `=in=`, `=out=`; `;` or `and`, `,` or `or`; `*` in values; no parentheses around terms.
//! Fields: `id` or `controllerId`, `name`, `updateStatus`, `attribute.KEY`.

use super::{FleetRefusal, Target};

/// A query that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    text: String,
    /// One of these lists must hold whole.
    any: Vec<Vec<Term>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: Field,
    wanted: bool,
    values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Field {
    Controller,
    Name,
    UpdateStatus,
    Attribute(String),
}

impl Query {
    /// Reads a query. An empty one means every target.
    pub fn parse(text: &str) -> Result<Self, FleetRefusal> {
        let refuse = || FleetRefusal::invalid(format!("'{text}' is no query that this server knows"));
        let mut any = Vec::new();
        if !text.trim().is_empty() {
            for choice in split(text, ',', "or").ok_or_else(refuse)? {
                let terms = split(&choice, ';', "and").ok_or_else(refuse)?;
                let terms = terms.iter().map(|term| Term::parse(term)).collect::<Option<Vec<_>>>();
                any.push(terms.ok_or_else(refuse)?);
            }
        }
        Ok(Self { text: text.to_owned(), any })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it means this target.
    pub fn means(&self, target: &Target) -> bool {
        self.any.is_empty() || self.any.iter().any(|terms| terms.iter().all(|term| term.holds(target)))
    }
}

impl Term {
    fn parse(text: &str) -> Option<Self> {
        let (at, operator) = ["==", "!=", "=in=", "=out="]
            .iter()
            .filter_map(|operator| Some((text.find(operator)?, *operator)))
            .min_by_key(|(at, operator)| (*at, usize::MAX - operator.len()))?;
        let field = Field::parse(text[..at].trim())?;
        let values = text[at + operator.len()..].trim();
        let values = match operator {
            "==" | "!=" => vec![value(values)?],
            _ => {
                let list = values.strip_prefix('(')?.strip_suffix(')')?;
                split(list, ',', ",")?.iter().map(|item| value(item)).collect::<Option<_>>()?
            }
        };
        // `in_sync` and `InSync` are the same status.
        let values = match field {
            Field::UpdateStatus => values.iter().map(|value| value.replace('_', "")).collect(),
            _ => values,
        };
        Some(Self { field, wanted: matches!(operator, "==" | "=in="), values })
    }

    fn holds(&self, target: &Target) -> bool {
        let is = match &self.field {
            Field::Controller => Some(target.controller.to_lowercase()),
            Field::Name => Some(target.name.to_lowercase()),
            Field::UpdateStatus => Some(format!("{:?}", target.update).to_lowercase()),
            Field::Attribute(key) => target.attributes.get(key).map(|value| value.to_lowercase()),
        };
        let found = is.is_some_and(|is| self.values.iter().any(|pattern| matches(pattern, &is)));
        found == self.wanted
    }
}

impl Field {
    fn parse(text: &str) -> Option<Self> {
        if let Some(key) = text.strip_prefix("attribute.") {
            return (!key.is_empty()).then(|| Self::Attribute(key.to_owned()));
        }
        match text.to_ascii_lowercase().as_str() {
            "id" | "controllerid" => Some(Self::Controller),
            "name" => Some(Self::Name),
            "updatestatus" => Some(Self::UpdateStatus),
            _ => None,
        }
    }
}

/// A value in lower case, without its quotes.
fn value(text: &str) -> Option<String> {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            return rest.strip_suffix(quote).map(str::to_lowercase);
        }
    }
    let plain = !text.is_empty() && !text.contains(['(', ')', '=', '"', '\'', ' ']);
    plain.then(|| text.to_lowercase())
}

/// Cuts at a separator or its word, not within quotes or parentheses. `None`: unbalanced or empty.
fn split(text: &str, separator: char, word: &str) -> Option<Vec<String>> {
    let word = format!(" {word} ");
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quote, mut depth) = (None, 0_u32);
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        match (quote, next) {
            (Some(open), _) if next == open => quote = None,
            (None, '"' | '\'') => quote = Some(next),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1)?,
            _ => {}
        }
        let free = quote.is_none() && depth == 0;
        let worded = text.get(at..at + word.len()).is_some_and(|text| text.eq_ignore_ascii_case(&word));
        if free && (next == separator || worded) {
            parts.push(std::mem::take(&mut part));
            at += if next == separator { next.len_utf8() } else { word.len() };
            continue;
        }
        part.push(next);
        at += next.len_utf8();
    }
    parts.push(part);
    let whole = quote.is_none() && depth == 0 && parts.iter().all(|part| !part.trim().is_empty());
    whole.then_some(parts)
}

/// Whether a pattern with `*` for anything fits.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return text.ends_with(piece);
        }
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::TargetId;

    #[test]
    fn a_query_means_what_it_says() {
        let mut target = Target::new(
            TargetId(1),
            "kiosk-ha-noi-7".into(),
            "t".into(),
            "2026-01-01T00:00:00Z".parse().unwrap(),
        );
        target.attributes = [("province".to_owned(), "Hà Nội".to_owned())].into();
        for (text, expected) in [
            ("", true),
            ("id==*", true),
            ("id==kiosk-ha-noi-7", true),
            ("controllerId==KIOSK-*-7", true),
            ("id==kiosk-*-8", false),
            ("id==*noi*", true),
            ("id==*noi", false),
            ("id!=kiosk-ha-noi-7", false),
            ("attribute.province=='hà nội'", true),
            ("attribute.province==Huế", false),
            ("attribute.site==*", false),
            ("attribute.site!=5", true),
            ("id=in=(a, 'kiosk-ha-noi-7')", true),
            ("id=out=(a,b)", true),
            ("updateStatus==unknown;name==kiosk*", true),
            ("updateStatus==pending and name==kiosk*", false),
            ("updateStatus==pending or name==kiosk*", true),
            ("updateStatus=in=(in_sync,unknown)", true),
            ("id==a,id==b;name==*,id==kiosk*", true),
        ] {
            assert_eq!(Query::parse(text).unwrap().means(&target), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in
            ["id", "id==", "colour==red", "id=like=x", "(id==a", "id=in=(a", "id==a;", "id=='a", "id==a b"]
        {
            assert!(Query::parse(text).is_err(), "{text}");
        }
    }
}
