//! What depends on the time of day, with a clock that stands still.
#![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use keyferry_gotemplate::{Template, Value};
use keyferry_sprig::{Host, functions};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

struct At(SystemTime);

impl Host for At {
    fn now(&self) -> SystemTime {
        self.0
    }

    fn fill(&self, _: &mut [u8]) {}
}

fn render_at(now: SystemTime, source: &str) -> String {
    let template = Template::parse("t", source, &functions(At(now))).unwrap();
    String::from_utf8(template.render(&Value::Nil).unwrap()).unwrap()
}

/// At 2024-02-29 12:34:56.789 UTC.
fn render(source: &str) -> String {
    render_at(UNIX_EPOCH + Duration::from_millis(1_709_210_096_789), source)
}

#[test]
fn now_is_what_the_host_says() {
    assert_eq!(render("{{ now }}"), "2024-02-29 12:34:56.789 +0000 UTC");
    assert_eq!(render("{{ now.Weekday }} {{ now.YearDay }} {{ now.UnixMilli }}"), "Thursday 60 1709210096789");
    let before = UNIX_EPOCH - Duration::from_millis(1);
    assert_eq!(render_at(before, "{{ now }} {{ now.Unix }}"), "1969-12-31 23:59:59.999 +0000 UTC -1");
}

#[test]
fn what_is_no_date_is_now() {
    assert_eq!(render(r#"{{ date "2006-01-02" "x" }} {{ date "15:04" nil }}"#), "2024-02-29 12:34");
    assert_eq!(render("{{ htmlDate 1.5 }} {{ htmlDate (list) }}"), "2024-02-29 2024-02-29");
    assert_eq!(
        render(r#"{{ dateInZone "15:04 MST" "x" "Asia/Tokyo" }} {{ date_in_zone "15" .nil "EST5EDT" }}"#),
        "21:34 JST 07"
    );
    assert_eq!(render(r#"{{ htmlDateInZone "x" "Pacific/Kiritimati" }}"#), "2024-03-01");
}

#[test]
fn ago_is_the_time_that_has_passed_to_the_nearest_second() {
    assert_eq!(render("{{ ago now }} {{ ago nil }} {{ ago 1.5 }} {{ ago `x` }}"), "0s 0s 0s 0s");
    assert_eq!(render("{{ ago 1709210096 }} {{ ago 1709206496 }} {{ ago 1709296496 }}"), "1s 1h0m1s -23h59m59s");
    assert_eq!(render("{{ ago (now.Add -1500000000) }} {{ ago (now.Add 1499999999) }}"), "2s -1s");
    assert_eq!(
        render("{{ ago 9223372036854775807 }} {{ ago (toDate `2006` `x`) }}"),
        "2562047h47m16.854775807s 2562047h47m16.854775807s"
    );
}

#[test]
fn duration_round_of_a_time_is_its_age() {
    assert_eq!(
        render("{{ durationRound (now.Add -7300000000000) }} {{ durationRound (now.AddDate 0 0 -45) }}"),
        "2h 1mo"
    );
    assert_eq!(render("{{ durationRound (now.AddDate -3 0 0) }} {{ durationRound (now.AddDate 0 0 2) }}"), "3y 2d");
    assert_eq!(render("{{ durationRound now }}"), "0s");
}
