using System.Diagnostics;
using Partywall.Targets;
using Partywall.Witness;

namespace Partywall.Load.Submitters;

/// <summary>
/// What a submitter process does, whatever the target: it takes orders, says that it has them, and at one word sends them
/// all at once. Each call's times are of the host's monotonic clock, so the harness can put them beside all others'.
/// </summary>
public static class Submitter
{
    /// <summary>Submits as ordered until the witness is gone.</summary>
    /// <param name="witness">The connection on which the orders come.</param>
    /// <param name="clients">A client for each tenant that may be ordered for.</param>
    /// <param name="cancellationToken">Ends it; calls under way are then given up.</param>
    /// <exception cref="WitnessException">The witness is gone.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static async Task RunAsync(
        WitnessClient witness, IReadOnlyDictionary<string, ITenantClient> clients, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(witness);
        ArgumentNullException.ThrowIfNull(clients);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ordered = new Dictionary<long, List<OrderMessage>>();
        var broken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var taking = TakeAsync();
        try
        {
            await await Task.WhenAny(taking, broken.Task);
        }
        finally
        {
            await ending.CancelAsync();
            await taking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task TakeAsync()
        {
            await foreach (var message in witness.Orders.ReadAllAsync(ending.Token))
            {
                switch (message)
                {
                    case OrderMessage order when ordered.TryGetValue(order.Race, out var orders):
                        orders.Add(order);
                        break;
                    case OrderMessage order:
                        ordered.Add(order.Race, [order]);
                        break;
                    case ArmMessage arm:
                        await witness.SendAsync(new ArmedMessage(arm.Race, ordered.GetValueOrDefault(arm.Race)?.Count ?? 0));
                        break;
                    case GoMessage go when ordered.Remove(go.Race, out var orders):
                        foreach (var order in orders)
                        {
                            _ = Task.Run(() => SubmitOrBreakAsync(order), CancellationToken.None);
                        }

                        break;
                }
            }

            throw new WitnessException("The witness is gone.");
        }

        async Task SubmitOrBreakAsync(OrderMessage order)
        {
            try
            {
                await SubmitAsync(order);
            }
            catch (Exception e)
            {
                // An answer that cannot be reported is missing evidence, so the process ends, and the harness sees that.
                broken.TrySetException(e);
            }
        }

        async Task SubmitAsync(OrderMessage order)
        {
            var client = clients[order.Tenant];
            var sent = Stopwatch.GetTimestamp();
            var replies = order.Jobs.Count == 1
                ? [await client.SubmitAsync(order.Jobs[0], ending.Token)]
                : await client.SubmitBatchAsync(order.Jobs, ending.Token);
            var answered = Stopwatch.GetTimestamp();
            await witness.SendAsync(new AnswerMessage(
                order.Order,
                sent,
                answered,
                replies[0].Evidence.Status,
                replies[0].Evidence.Bytes.ToArray(),
                [.. replies.Select(static r => new OrderReply(r.Kind, r.Value?.JobId, r.Value?.Replayed ?? false, r.Refusal, r.Detail))]));
        }
    }
}
