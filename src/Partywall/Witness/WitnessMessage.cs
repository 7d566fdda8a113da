using System.Text.Json.Serialization;
using Partywall.History;
using Partywall.Targets;

namespace Partywall.Witness;

/*
 * The wire between the job bodies and the harness: JSON objects, one a line (UTF-8, at most LineBytesMax bytes),
 * over a Unix domain socket. Timestamps are raw readings of the host's monotonic clock (Stopwatch.GetTimestamp),
 * which all processes of one host share and no two hosts do; so the first message names the host's boot and the
 * clock's frequency, and the harness refuses a peer of another.
 *
 *   worker                                harness
 *   hello  ------------------------------>            once, first
 *          <------------------------------ welcome    or refuse, and the end
 *   start  ------------------------------>
 *          <------------------------------ ack        the body goes on only now
 *   progress ---------------------------->
 *   stop   ------------------------------>            in the socket before the body returns
 *   beat   ------------------------------>            every 50 ms
 *   bye    ------------------------------>            last, when the process ends by itself
 *
 * A submitter process runs no bodies. It is told what to submit, and sends it all at one word:
 *
 *   submitter                             harness
 *          <------------------------------ order      one call of a race; any number of them
 *          <------------------------------ arm        those were all
 *   armed  ------------------------------>            with their number
 *          <------------------------------ go         when every process is armed
 *   answer ------------------------------>            one an order, with the call's own times
 */

/// <summary>One message of the witness's wire.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(HelloMessage), "hello")]
[JsonDerivedType(typeof(WelcomeMessage), "welcome")]
[JsonDerivedType(typeof(RefuseMessage), "refuse")]
[JsonDerivedType(typeof(StartMessage), "start")]
[JsonDerivedType(typeof(AckMessage), "ack")]
[JsonDerivedType(typeof(ProgressMessage), "progress")]
[JsonDerivedType(typeof(StopMessage), "stop")]
[JsonDerivedType(typeof(BeatMessage), "beat")]
[JsonDerivedType(typeof(ByeMessage), "bye")]
[JsonDerivedType(typeof(OrderMessage), "order")]
[JsonDerivedType(typeof(ArmMessage), "arm")]
[JsonDerivedType(typeof(ArmedMessage), "armed")]
[JsonDerivedType(typeof(GoMessage), "go")]
[JsonDerivedType(typeof(AnswerMessage), "answer")]
internal abstract record WitnessMessage;

internal sealed record HelloMessage(int Version, string Process, int ProcessId, long Frequency, string Host) : WitnessMessage;

internal sealed record WelcomeMessage(int Version) : WitnessMessage;

internal sealed record RefuseMessage(string Reason) : WitnessMessage;

internal sealed record StartMessage(long Request, long At, string Tenant, string Job, string Label, int Attempt, string Fence) : WitnessMessage;

internal sealed record AckMessage(long Request, long Body) : WitnessMessage;

internal sealed record ProgressMessage(long Body, long At, int Percent) : WitnessMessage;

internal sealed record StopMessage(long Body, long At, BodyOutcome Outcome) : WitnessMessage;

internal sealed record BeatMessage(long At) : WitnessMessage;

internal sealed record ByeMessage(long At) : WitnessMessage;

internal sealed record OrderMessage(long Race, long Order, string Tenant, IReadOnlyList<ProbeJob> Jobs) : WitnessMessage;

internal sealed record ArmMessage(long Race) : WitnessMessage;

internal sealed record ArmedMessage(long Race, int Orders) : WitnessMessage;

internal sealed record GoMessage(long Race) : WitnessMessage;

internal sealed record AnswerMessage(
    long Order, long SentAt, long AnsweredAt, int Status, byte[] Bytes, IReadOnlyList<OrderReply> Replies) : WitnessMessage;

/// <summary>The reply to one submission of an order.</summary>
internal sealed record OrderReply(ReplyKind Kind, string? Job = null, bool Replayed = false, Refusal? Refusal = null, string? Detail = null)
{
    /// <summary>The reply as the client gave it; unknown where what was reported is none.</summary>
    public Reply<Submission> ToReply(ReplyEvidence evidence) => this switch
    {
        { Kind: ReplyKind.Ok, Job: { } job } => Reply.Ok(new Submission(job, Replayed), evidence),
        { Kind: ReplyKind.Refused, Refusal: { } refusal } => Reply.Refused<Submission>(refusal, evidence),
        { Kind: ReplyKind.NotFound } => Reply.NotFound<Submission>(evidence),
        { Kind: ReplyKind.Unavailable } => Reply.Unavailable<Submission>(Detail ?? "", evidence),
        _ => Reply.Unknown<Submission>(Detail ?? "The submitter process reported no reply.", evidence),
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(WitnessMessage))]
internal sealed partial class WitnessJson : JsonSerializerContext;
