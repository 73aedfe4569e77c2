use carapace_core::knowledge::date::Date;
use carapace_core::knowledge::people::{FactSource, Publisher, VersionPeople, api};

use super::*;

const NAME: &str = "parser";
const DAY: i64 = MILLISECONDS_OF_DAY;

fn version() -> Version {
    Version::new(1, 0, 0)
}

fn fact<T>(value: T, source: FactSource, day: &str) -> Option<Fact<T>> {
    Some(Fact {
        value,
        source,
        as_of: day.parse().unwrap(),
        verified: source != FactSource::Lock,
    })
}

/// The package with owners of a day, and a version that somebody published.
fn known(source: FactSource, day: &str, publisher: Publisher) -> People {
    let mut people = People::default();
    let krate = people.crates.entry(NAME.to_owned()).or_default();
    krate.owners = fact(Vec::new(), source, day);
    let version = krate.versions.entry(version()).or_default();
    *version = VersionPeople {
        publisher: fact(publisher, source, day),
        ..VersionPeople::default()
    };
    people
}

/// What is asked on a day: whether owners are, and publishers.
fn asked(day: &str, change: impl FnOnce(&mut Search<'_>)) -> (bool, bool) {
    asked_with(None, day, change)
}

/// The same with a lock.
fn asked_with(
    lock: Option<&People>,
    day: &str,
    change: impl FnOnce(&mut Search<'_>),
) -> (bool, bool) {
    let version = version();
    let day: Date = day.parse().unwrap();
    let mut search = Search {
        wanted: [(NAME, [&version].into())].into(),
        held: People::default(),
        records: [(NAME.to_owned(), Record::default())].into(),
        lock,
        is_verified: false,
        max_age: None,
        now: day.days() * DAY + DAY / 2,
    };
    change(&mut search);
    let question = search.question(NAME, &search.records[NAME]);
    (question.owners, !question.versions.is_empty())
}

#[test]
fn what_a_dump_says_is_not_asked_but_for_workflows() {
    let dump = |publisher| known(FactSource::Dump, "2099-01-01", publisher);
    let day = "2099-01-10";
    assert_eq!(asked(day, |_| {}), (true, true));
    let user = || dump(Publisher::User(7));
    assert_eq!(asked(day, |search| search.held = user()), (false, false));
    let unrecorded = || dump(Publisher::Unrecorded);
    assert_eq!(
        asked(day, |search| search.held = unrecorded()),
        (false, true)
    );
    let aged = |days: u64| {
        move |search: &mut Search<'_>| {
            search.held = user();
            search.max_age = Some(Duration::from_secs(days * 86_400));
        }
    };
    assert_eq!(asked(day, aged(9)), (true, false));
    assert_eq!(asked(day, aged(10)), (false, false));
    let verified = |search: &mut Search<'_>| {
        search.held = user();
        search.is_verified = true;
    };
    assert_eq!(asked(day, verified), (true, false));
}

#[test]
fn what_a_lock_says_is_asked_only_to_verify_it() {
    let lock = known(FactSource::Lock, "2098-01-01", Publisher::Unrecorded);
    let asked = |change: fn(&mut Search<'_>)| asked_with(Some(&lock), "2099-01-10", change);
    assert_eq!(asked(|_| {}), (false, false));
    assert_eq!(asked(|search| search.is_verified = true), (true, true));
    assert_eq!(
        asked(|search| search.max_age = Some(MAX_AGE)),
        (true, false)
    );
}

#[test]
fn what_the_api_said_has_an_age() {
    let of = |publisher, moment: i64| {
        let mut record = Record::default();
        let said = known(FactSource::Api, "2099-01-10", publisher);
        record.take_owners(NAME, said, moment);
        record
    };
    let record = |record: Record| {
        move |search: &mut Search<'_>| {
            search.records = [(NAME.to_owned(), record)].into();
        }
    };
    let day = "2099-01-10";
    let now = day.parse::<Date>().unwrap().days() * DAY + DAY / 2;
    for (moment, owners) in [
        (now, false),
        (now - 2 * DAY, false),
        (now - 2 * DAY - 1, true),
        // A run beside, and a clock that went wrong.
        (now + DAY / 2, false),
        (now + 2 * DAY, true),
    ] {
        let unrecorded = of(Publisher::Unrecorded, moment);
        assert_eq!(asked(day, record(unrecorded)), (owners, false), "{moment}");
        let mut gone = Record::default();
        gone.take_owners(NAME, api::unknown(NAME, day.parse().unwrap()), moment);
        assert_eq!(asked(day, record(gone)), (owners, owners), "{moment}");
        let mut absent = of(Publisher::Unrecorded, moment);
        absent.krate.versions.clear();
        absent.absent.insert(version(), moment);
        assert_eq!(asked(day, record(absent)), (owners, owners), "{moment}");
    }
}
