using Partywall.Targets;

namespace Partywall.Tests.Checks.Jobs;

public sealed class JobsIdempotentCheckTests
{
    private const string Check = "jobs.idempotent";

    [Fact]
    public void Evaluate_NothingRepeated_Inconclusive() =>
        Judged.Doubts(Check, new HistoryBuilder().Tenant("a").Submit("a", "j", 1, key: "k"), "No submission was repeated");

    [Fact]
    public void Evaluate_RepeatGetsTheSameJob_Passes() => Judged.Passes(Check, Keyed().Submit("a", "j", 10, key: "k"));

    [Fact]
    public void Evaluate_RepeatGetsAnotherJob_Fails() => Judged.Fails(Check, Keyed().Submit("a", "j", 10, key: "k", job: "job-2"), "got job job-2 beside job job-j", "a");

    [Fact]
    public void Evaluate_RepeatRefusedForQuota_Fails() => Judged.Fails(Check, Keyed().Submit("a", "j", 10, ReplyKind.Refused, key: "k"), "and was refused (quota_exceeded)");

    [Fact]
    public void Evaluate_RepeatSentBeforeTheFirstWasAnswered_MayBeRefused() =>
        Judged.Passes(Check, Keyed().Submit("a", "j", 10, key: "k").Submit("a", "j", 1.5, ReplyKind.Refused, key: "k"));

    [Fact]
    public void Evaluate_OtherPayloadRefused_Passes() =>
        Judged.Passes(Check, Keyed().Submit("a", "other", 10, ReplyKind.Refused, key: "k", code: RefusalCode.IdempotencyConflict));

    [Fact]
    public void Evaluate_OtherPayloadAccepted_Fails() => Judged.Fails(Check, Keyed().Submit("a", "other", 10, key: "k"), "another payload, and was answered with job job-other");

    [Fact]
    public void Evaluate_OtherTenantsSameKey_IsAnotherJob() =>
        Judged.Passes(Check, Keyed().Submit("a", "j", 10, key: "k").Tenant("b").Submit("b", "jb", 12, key: "k"));

    [Fact]
    public void Evaluate_OtherTenantGetsTheJob_Fails() =>
        Judged.Fails(Check, Keyed().Submit("a", "j", 10, key: "k").Tenant("b").Submit("b", "jb", 12, key: "k", job: "job-j"), "both were answered with job job-j");

    [Fact]
    public void Evaluate_OtherTenantIsToldOfAConflict_Fails() =>
        Judged.Fails(
            Check,
            Keyed().Submit("a", "j", 10, key: "k").Tenant("b").Submit("b", "jb", 12, ReplyKind.Refused, key: "k", code: RefusalCode.IdempotencyConflict),
            "which it never was by this tenant",
            "b");

    private static HistoryBuilder Keyed() => new HistoryBuilder().Tenant("a").Submit("a", "j", 1, key: "k");
}
