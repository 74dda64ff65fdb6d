use super::*;

/// Objects come, go and change at random; what the schedule keeps in indexes is compared with what follows from a scan.
#[test]
fn whatever_happens_the_indexes_agree_and_every_polled_reference_is_in_one_slot() {
    let mut dice = 1_u64;
    let mut roll = move |sides: u64| {
        dice = crate::poll::phase::scatter(dice.wrapping_add(0x9E37_79B9_7F4A_7C15));
        dice % sides
    };
    let names: Vec<String> = (0..40).map(|number| format!("{}{number}", ["k", "listed"][number % 2])).collect();
    let mut world = World::new();
    for _ in 0..4_000 {
        let name = roll(25).to_string();
        let from = usize::try_from(roll(38)).unwrap();
        let keys: Vec<_> =
            names[from..from + 1 + usize::try_from(roll(2)).unwrap()].iter().map(String::as_str).collect();
        match roll(9) {
            0 => world.schedule.forget(&object(&name), world.now),
            1 => world.subscribe(
                &name,
                &keys,
                [None, Some(INTERVAL), Some(INTERVAL * 3)][usize::try_from(roll(3)).unwrap()],
            ),
            2 => drop(world.sync(&name, &keys, Some(INTERVAL * u32::try_from(1 + roll(2)).unwrap()))),
            3 => drop(world.resync(&name, &keys)),
            4 => world.set(
                keys[0],
                [Ok("1"), Ok("2"), Err(Kind::Denied), Err(Kind::Throttled)][usize::try_from(roll(4)).unwrap()],
            ),
            5 => world.listing = [None, Some(Kind::Denied), Some(Kind::Unavailable)][usize::try_from(roll(3)).unwrap()],
            _ => drop(world.advance(Duration::from_millis(roll(4_000)))),
        }
        check(&world.schedule);
    }
    world.advance(INTERVAL * 3);
    for (reference, number) in &world.schedule.references {
        let interval = world.schedule.known.get(*number).unwrap().demand.shortest().unwrap();
        assert!(world.now.duration_since(world.waits[reference.key().unwrap()]) <= interval);
    }
}

fn check(schedule: &Schedule) {
    let mut dirty = 0;
    for number in 0..60 {
        let Some(object) = schedule.objects.get(number) else { continue };
        let differing =
            object.ties.iter().filter(|tie| schedule.known.get(tie.known).unwrap().mark != tie.applied).count();
        assert_eq!(object.differing as usize, differing);
        assert_eq!(object.tick.is_some(), differing > 0);
        dirty += usize::from(differing > 0);
        for (place, tie) in (0..).zip(&object.ties) {
            let known = schedule.known.get(tie.known).unwrap();
            assert_eq!(known.subscribers.get(&number), Some(&place));
            assert_eq!(known.dirty.contains(&number), differing > 0);
        }
    }
    let mut polled = 0;
    for number in 0..60 {
        let Some(known) = schedule.known.get(number) else { continue };
        let least = known.subscribers.keys().map(|object| schedule.objects.get(*object).unwrap().interval).min();
        assert_eq!(known.demand.shortest(), least);
        assert_eq!(known.slot.is_some(), known.polled_every().is_some());
        let at = known.slot.and_then(|slot| schedule.slots.group(slot)).unwrap();
        assert!(at.interval <= least.unwrap());
        polled += 1;
    }
    assert_eq!(schedule.sessions[&SessionId::new(1)].polled, polled);
    assert_eq!(schedule.stats(schedule.epoch).dirty, dirty);
    assert_eq!(schedule.references.len(), schedule.known.len());
}
