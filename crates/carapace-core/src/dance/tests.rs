use super::*;

fn all(text: &str) -> PackageDance {
    package(vec![read("src/lib.rs", text.as_bytes())])
}

#[test]
fn a_site_is_done_away_with_where_all_of_it_is_replaced_only() {
    let danced = all(
        "fn f(v: &[u8], p: *const u8) -> u8 { unsafe { *v.get_unchecked(0) + *p } }\n\
         fn g(v: &[u8]) -> u8 { unsafe { *v.get_unchecked(0) + *v.get_unchecked(1) } }",
    );
    let sites = &danced.files[0].sites;
    assert_eq!(sites.len(), 2);
    assert!(sites[0].plans.is_empty() && sites[0].left.len() == 1);
    assert_eq!(sites[0].proposals[0].changes.len(), 1);
    assert!(sites[1].left.is_empty());
    assert_eq!(sites[1].plans[0].changes[0].text, "v[0] + v[1]");
}
