using Partywall.History;
using Partywall.Targets;

namespace Partywall.Tests.Checks.Isolation;

public sealed class IsolationAccessCheckTests
{
    private const string Check = "isolation.access";

    [Fact]
    public void Evaluate_NobodyReached_Inconclusive() => Judged.Doubts(Check, Two(), "No tenant reached");

    [Theory]
    [InlineData(OperationKind.Get)]
    [InlineData(OperationKind.Cancel)]
    public void Evaluate_StrangerAnsweredAsForAbsent_Passes(OperationKind kind)
    {
        var result = Judged.Passes(Check, Two().Probe("b", "a", "j", 20, kind: kind));

        Assert.Equal(1, Judged.Figure(result, "probes"));
    }

    [Theory]
    [InlineData(OperationKind.Get)]
    [InlineData(OperationKind.Cancel)]
    public void Evaluate_StrangerAnsweredOk_Fails(OperationKind kind) =>
        Judged.Fails(Check, Two().Probe("b", "a", "j", 20, ReplyKind.Ok, 200, kind: kind), "b reached for job job-j of a", "a");

    [Fact]
    public void Evaluate_StrangerGetsAnotherStatus_Fails() =>
        Judged.Fails(Check, Two().Probe("b", "a", "j", 20, ReplyKind.Refused, 403), "can tell that job job-j of a exists: Get is answered otherwise than for a job that never existed (Refused 403 instead of NotFound 404)", "a");

    [Fact]
    public void Evaluate_StrangerGetsOtherBytes_Fails() =>
        Judged.Fails(Check, Two().Probe("b", "a", "j", 20, strangerDigest: "longer"), "the bytes differ");

    [Fact]
    public void Evaluate_OwnerIsRefusedToo_Inconclusive() =>
        Judged.Doubts(Check, Two().Probe("b", "a", "j", 20, ownerResult: ReplyKind.NotFound), "None of 1 probe(s)");

    [Fact]
    public void Evaluate_StrangerNotAnswered_Inconclusive() =>
        Judged.Doubts(Check, Two().Probe("b", "a", "j", 20, ReplyKind.Unavailable, 503), "None of 1 probe(s)");

    [Fact]
    public void Evaluate_ListWithoutTheOthersJobs_Passes() => Judged.Passes(Check, Listed(strangers: ["job-k"], owners: ["job-j"]));

    [Fact]
    public void Evaluate_ListWithAnothersJob_Fails() =>
        Judged.Fails(Check, Listed(strangers: ["job-k", "job-j"], owners: ["job-j"]), "The list of b holds job job-j of a", "a");

    [Fact]
    public void Evaluate_OwnersListLacksTheJob_Inconclusive() =>
        Judged.Doubts(Check, Listed(strangers: ["job-k"], owners: []), "None of 1 probe(s)");

    [Fact]
    public void Evaluate_OrdinaryListWithAnothersJob_FailsToo() =>
        Judged.Fails(Check, Two().Probe("b", "a", "j", 20).Get("b", null, 50, kind: OperationKind.List, jobs: ["job-j"]), "The list of b holds job job-j of a");

    private static HistoryBuilder Two() => new HistoryBuilder().Tenant("a").Tenant("b").Submit("a", "j", 1).Submit("b", "k", 1);

    private static HistoryBuilder Listed(IReadOnlyList<string> strangers, IReadOnlyList<string> owners) => Two()
        .Get("b", "job-j", 20, kind: OperationKind.List, purpose: OperationPurpose.Stranger, owner: "a", probe: 9, jobs: strangers)
        .Get("a", "job-j", 30, kind: OperationKind.List, purpose: OperationPurpose.Owner, owner: "a", probe: 9, jobs: [])
        .Get("a", "job-j", 40, kind: OperationKind.List, purpose: OperationPurpose.Owner, owner: "a", probe: 9, jobs: owners);
}
