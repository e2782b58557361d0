//! What is read at all: filters, samples, plans, and what is passed over.

use proptest::prelude::*;

use super::*;
use landfast_observe::scan::{
    Collect, GateLimits, ObjectFilter, ProviderLimits, Sample, SampleEstimate, Selector, TypeLimits, plan_reads,
};
use landfast_state::{GapKind, Limits, StateFile, StateStream};

fn mixed() -> Vec<RecordedObject> {
    let mut all = objects("aws_vpc", 30);
    all.extend(objects("aws_iam_role", 20));
    all.extend(of_provider("example.org/acme/dns", "dns_record", 10));
    let more = ["data.aws_ami.base", "aws_vpc.b (deposed object 0a1b2c3d)", "module.a[0].aws_vpc.c"];
    all.extend(more.map(|address| RecordedObject::new(object(address, AWS, 0))));
    all
}

fn same() -> Arc<ScriptedReader> {
    Arc::new(ScriptedReader::new(|_, _| (MS(10), Step::Same)))
}

#[test]
fn a_filter_chooses_and_what_it_leaves_out_is_counted() {
    let mut options = ScanOptions::default();
    options.filter = ObjectFilter::default()
        .only("type:aws_*".parse::<Selector>().unwrap())
        .except("module:module.a".parse::<Selector>().unwrap())
        .except("aws_vpc.a[1]".parse::<Selector>().unwrap());
    let scanned = scan(&same(), mixed(), &options);
    let summary = &scanned.summary;
    assert_eq!((summary.found, summary.excluded, summary.passed_over, summary.total()), (49, 12, 2, 63));
    assert!(scanned.results.iter().all(|it| it.address().instance.resource.module.is_root()));
    assert!(summary.is_complete());
    let left_out = &summary.left_out;
    assert_eq!((left_out.not_only, left_out.total()), (10, 12));
    let told =
        |except: &[(Selector, u64)]| except.iter().map(|(it, count)| format!("{it} {count}")).collect::<Vec<_>>();
    assert_eq!(told(&left_out.except), ["aws_vpc.a[1] 1", "module:module.a 1"]);
}

#[test]
fn what_a_filter_leaves_out_is_a_gap_of_what_is_collected() {
    let mut options = ScanOptions::default();
    options.filter = ObjectFilter::default().only("type:aws_iam_*".parse::<Selector>().unwrap());
    let mut collected = Collect::default();
    let scan = Scan::new(same() as _, options);
    paused(scan.run(mixed().into_iter().map(Ok::<_, Infallible>), &mut collected)).unwrap();
    // Data sources and deposed objects are never looked at: nothing is missing of them.
    assert_eq!((collected.observed.len(), collected.gaps.len(), collected.recorded.len()), (20, 41, 61));
    assert!(collected.gaps.iter().all(|gap| gap.kind == GapKind::LeftOut));
}

proptest! {
    #[test]
    fn each_object_that_is_left_out_counts_once_in_whatever_order_the_selectors_stand(
        only in proptest::collection::vec(0..5_usize, 0..4),
        except in proptest::collection::vec(0..5_usize, 0..5),
    ) {
        let selector = |at: &usize| {
            ["type:aws_*", "*[1]", "module:module.a", "provider:*/acme/dns", "aws_iam_role.a"][*at].parse().unwrap()
        };
        let counted = |only: &[usize], except: &[usize]| {
            let mut options = boundless();
            options.filter.only = only.iter().map(selector).collect();
            options.filter.except = except.iter().map(selector).collect();
            scan(&same(), mixed(), &options).summary
        };
        let summary = counted(&only, &except);
        prop_assert_eq!(summary.total(), 63);
        let passed = summary.found + summary.left_out.total();
        prop_assert_eq!(passed, 61);
        let (only, except): (Vec<_>, Vec<_>) = (only.into_iter().rev().collect(), except.into_iter().rev().collect());
        prop_assert_eq!(counted(&only, &except).left_out, summary.left_out);
    }
}

#[test]
fn a_sample_leaves_gaps_of_a_kind_of_their_own_and_is_never_complete() {
    let mut options = ScanOptions::default();
    options.sample = Some(Sample::new(20.0, 42).unwrap());
    let all = objects("aws_vpc", 1000);
    let scanned = scan(&same(), all.clone(), &options);
    let summary = &scanned.summary;
    assert!((150..250).contains(&summary.found), "{}", summary.found);
    assert_eq!(summary.found + summary.not_sampled, 1000);
    assert!(!summary.is_complete());
    let gap = scanned
        .results
        .iter()
        .find_map(|it| match &it.outcome {
            ScanOutcome::NotRead(why) => Some(why.gap(it.address().instance.clone())),
            _ => None,
        })
        .unwrap();
    assert_eq!((gap.kind, gap.reason.as_str()), (GapKind::NotSampled, "not in the sample"));
    // The same objects again.
    assert_eq!(scan(&same(), all, &options).told(), scanned.told());
    let estimate = SampleEstimate::new(1000, summary.found, 0);
    assert!(estimate.most_drifted() > 0, "{estimate:?}");
}

#[test]
fn a_plan_counts_without_reading() {
    let mut options = ScanOptions::default();
    options.provider = GateLimits::default().with_concurrency(5);
    options.providers = vec![ProviderLimits {
        provider: "example.org/acme/dns".to_owned(),
        limits: GateLimits::default().with_rate(2.0, 1),
    }];
    options.types =
        vec![TypeLimits { type_name: "aws_iam_*".to_owned(), limits: GateLimits::default().with_concurrency(1) }];
    options.filter = ObjectFilter::default().except(Selector::Module("module.a".to_owned()));
    let all = || mixed().into_iter().map(Ok::<_, Infallible>);
    let plan = plan_reads(all(), &options, MS(500)).unwrap();
    assert_eq!((plan.reads, plan.passed_over, plan.excluded, plan.not_sampled), (60, 2, 1, 0));
    let [dns, aws] = &plan.providers[..] else { panic!("two providers: {plan:?}") };
    assert_eq!(
        (&*dns.provider.source, dns.reads, &*aws.provider.source, aws.reads),
        ("example.org/acme/dns", 10, AWS, 50)
    );
    // 20 roles one at a time take 10 s; 10 records at 2 in a second take 4.5 s and the last read.
    assert_eq!((aws.estimate, dns.estimate, plan.estimate), (SECS(10), SECS(5), SECS(10)));
    let types: Vec<(&str, u64)> = aws.types.iter().map(|it| (&*it.type_name, it.reads)).collect();
    assert_eq!(types, [("aws_iam_role", 20), ("aws_vpc", 30)]);
    options.sample = Some(Sample::new(50.0, 1).unwrap());
    let plan = plan_reads(all(), &options, MS(500)).unwrap();
    assert!(plan.reads < 50 && plan.reads + plan.not_sampled == 60, "{plan:?}");
}

#[test]
fn objects_of_a_state_bring_what_a_provider_needs() {
    let text = r#"{"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": [
      {"mode": "managed", "type": "x_thing", "name": "a", "provider": "provider[\"example.org/acme/x\"].west",
       "instances": [
         {"index_key": 1, "schema_version": 3, "attributes": {"id": "1", "key": "s"}, "private": "c2VjcmV0",
          "sensitive_attributes": [[{"type": "get_attr", "value": "key"}]], "dependencies": ["x_thing.b"],
          "identity": {"id": "1"}, "identity_schema_version": 2},
         {"index_key": 0, "schema_version": 3, "attributes": {"id": "0"}}]}]}"#;
    let state = StateFile::read(text.into(), "s", &Limits::default()).unwrap();
    let whole = RecordedObject::of_state(&state);
    let stream = StateStream::of_bytes(text.as_bytes(), "s", &Limits::default()).unwrap();
    let mut streamed: Vec<RecordedObject> = RecordedObject::of_stream(stream).map(Result::unwrap).collect();
    assert_eq!(streamed[0].object.address.to_string(), "x_thing.a[1]");
    streamed.sort_by(|a, b| a.object.address.cmp(&b.object.address));
    for objects in [&whole, &streamed] {
        let [zero, one] = &objects[..] else { panic!("two objects") };
        assert_eq!(zero.object.address.to_string(), "x_thing.a[0]");
        assert!(zero.private.is_none() && zero.identity.is_none());
        assert_eq!(one.private.as_ref().unwrap().as_raw().as_str(), "\"c2VjcmV0\"");
        let (version, identity) = one.identity.as_ref().unwrap();
        assert_eq!((*version, identity.as_raw().get("id").unwrap().as_str()), (2, "\"1\""));
        assert_eq!((one.object.schema_version, one.object.sensitive.len(), one.object.dependencies.len()), (3, 1, 1));
        let key = one.provider_key();
        assert_eq!(&*key.configuration, "provider[\"example.org/acme/x\"].west");
        assert_eq!(&*key.source, "example.org/acme/x");
        assert_eq!(format!("{one:?}"), "RecordedObject(x_thing.a[1])");
    }
    let stream = StateStream::of_bytes(b"{\"version\": 4, \"resources\": [{\"mode\": 1}]}", "s", &Limits::default());
    let results: Vec<_> = RecordedObject::of_stream(stream.unwrap()).collect();
    assert!(matches!(&results[..], [Err(_)]), "{results:?}");
}
