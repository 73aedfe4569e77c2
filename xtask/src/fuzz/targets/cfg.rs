//! Conditions of compilation: what is shown reads the same, and more knowledge changes nothing that
//! was decided.

use carapace_core::cfg::{CfgExpr, CfgSet, Predicate};

use crate::fuzz::signature::Signature;

pub(crate) const DICTIONARY: &[&str] = &[
    "all(", "any(", "not(", ")", ",", "=", "\"", "\\", "r#\"", "\"#", "r#", "true", "false", "//",
    "/*", "*/", "\n", "unix", "feature", "version(", "\\u{41}", "\\x41", "é",
];

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "all(unix, not(any(target_os = \"linux\", r#true)), feature = r#\"a\"b\"#,)",
        "any(/* a /* b */ */ windows, // c\n true)",
        "not(version(\"1.80\"))",
        "unix\ntarget_os=\"linux\"\ntarget_feature=\"sse\"\n",
    ];
    seeds.map(Into::into).into()
}

pub(crate) fn run(bytes: &[u8]) -> Signature {
    let mut signature = Signature::new();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Signature::new();
    };
    let set = CfgSet::parse(text);
    signature.count(set.iter().len());
    assert!(set.iter().all(|predicate| set.contains(predicate)));
    if let Ok((expression, end)) = CfgExpr::parse_prefix(text) {
        assert!(text.is_char_boundary(end));
        let prefix = text.get(..end).map(CfgExpr::parse);
        assert_eq!(prefix, Some(Ok(expression)), "the prefix is another one");
        signature.add(1);
    }
    match CfgExpr::parse(text) {
        Ok(expression) => {
            signature.accepted();
            let shown = expression.to_string();
            assert_eq!(CfgExpr::parse(&shown).as_ref(), Ok(&expression), "{shown}");
            let known = |predicate: &Predicate| match predicate.name().len() % 3 {
                0 => None,
                1 => Some(true),
                _ => Some(false),
            };
            let value = expression.eval(&known);
            for guess in [true, false] {
                let more = expression.eval(&|predicate| known(predicate).or(Some(guess)));
                assert!(value.is_none() || more == value, "{shown}");
            }
            signature.count(expression.predicates().count());
            signature.add(value.map_or(2, u64::from));
        }
        Err(error) => {
            assert!(error.at <= text.len());
            signature.message(&error.to_string());
        }
    }
    signature
}
