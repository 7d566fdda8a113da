using System.Text.Json.Serialization;

namespace Partywall.History;

/// <summary>
/// One line of a history: something that happened at a moment. The order of lines is the order of arrival at the
/// harness; the order of happening is <see cref="AtNs"/>, and across processes the two may differ by moments.
/// </summary>
/// <param name="AtNs">When it happened, in nanoseconds since the start of the run on the host's monotonic clock.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(RunHeader), "run")]
[JsonDerivedType(typeof(RunEnded), "end")]
[JsonDerivedType(typeof(PhaseBegan), "phase")]
[JsonDerivedType(typeof(Noted), "note")]
[JsonDerivedType(typeof(TenantOnboarded), "tenant")]
[JsonDerivedType(typeof(TenantRefused), "refused")]
[JsonDerivedType(typeof(LimitChange), "limits")]
[JsonDerivedType(typeof(OperationInvoked), "invoke")]
[JsonDerivedType(typeof(OperationEnded), "answer")]
[JsonDerivedType(typeof(BodyStarted), "start")]
[JsonDerivedType(typeof(BodyProgressed), "progress")]
[JsonDerivedType(typeof(BodyStopped), "stop")]
[JsonDerivedType(typeof(ProcessStarted), "process")]
[JsonDerivedType(typeof(WitnessJoined), "joined")]
[JsonDerivedType(typeof(WitnessLeft), "left")]
[JsonDerivedType(typeof(WitnessStalled), "stall")]
[JsonDerivedType(typeof(HeldSlotsSampled), "held")]
[JsonDerivedType(typeof(UsageSampled), "usage")]
[JsonDerivedType(typeof(JobObserved), "job")]
[JsonDerivedType(typeof(Settled), "settled")]
[JsonDerivedType(typeof(KeysInspected), "keys")]
[JsonDerivedType(typeof(TenantDigested), "digest")]
[JsonDerivedType(typeof(Reconciled), "reconciled")]
[JsonDerivedType(typeof(SurfaceListed), "surface")]
[JsonDerivedType(typeof(SubmittersStarted), "submitters")]
[JsonDerivedType(typeof(FaultMarked), "fault")]
[JsonDerivedType(typeof(FairnessStated), "fairness")]
[JsonDerivedType(typeof(ComparisonStated), "comparison")]
[JsonDerivedType(typeof(ArmBegan), "arm")]
public abstract record HistoryEvent(long AtNs);
