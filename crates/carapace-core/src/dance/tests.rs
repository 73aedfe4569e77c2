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

#[test]
fn a_pointer_leads_to_its_element_through_variables_that_go_with_it() {
    let danced = all(
        "fn f(v: &[u8], n: usize) -> u8 { let p = v.as_ptr(); let q = unsafe { p.add(n) }; unsafe { *q } }\n\
         fn g(v: &[u8], n: usize) -> u8 { unsafe { let p = v.as_ptr(); let q = p.add(n); *q.add(1) } }\n\
         fn h(v: &[u8], n: i32) -> u8 { unsafe { *v.as_ptr().add(1).offset(n as isize) } }\n\
         fn i(v: &[u8]) -> u8 { let p = v.as_ptr(); let v = &v[1..]; unsafe { *p } }",
    );
    let sites = &danced.files[0].sites;
    let plan = &sites[2].plans[0];
    assert_eq!(plan.applicability, crate::fix::Applicability::Safe);
    assert_eq!(plan.changes[0].text, "v[n + 1]");
    assert_eq!(
        sites[3].plans[0].applicability,
        crate::fix::Applicability::Unsafe
    );
    assert!(sites[4].plans.is_empty());
}

#[test]
fn a_pointer_is_followed_only_where_its_slice_could_be_used() {
    let danced = all(
        "fn f(v: &mut [u8]) { let p = v.as_mut_ptr(); for (i, b) in v.iter().enumerate() { unsafe { *p.add(i) = *b } } }\n\
         fn g(v: &mut [u8]) { let p = v.as_mut_ptr(); let x = &v[2]; unsafe { *p = *x } }\n\
         fn h(mut v: &[u8]) -> u8 { let p = v.as_ptr(); v = &v[1..]; unsafe { *p } }\n\
         fn i(v: Vec<u8>) -> u8 { let p = v.as_ptr(); let f = || unsafe { *p }; f() }\n\
         fn j(v: &mut Vec<u8>) { v.reserve(1); unsafe { *v.as_mut_ptr().add(v.len()) = 1; } }",
    );
    let sites = &danced.files[0].sites;
    assert_eq!(sites.len(), 5);
    assert!(sites.iter().all(|site| site.plans.is_empty()), "{sites:#?}");
}

#[test]
fn what_a_closure_returns_is_not_what_its_function_does() {
    let danced = all(
        "fn f(n: u32) -> f32 { let g = |n: u64| { return unsafe { std::mem::transmute(n) }; }; let x: f64 = g(1); x as f32 }",
    );
    let site = &danced.files[0].sites[0];
    assert!(site.plans.is_empty() && site.proposals.is_empty());
}
