using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AutonomOS.Storage;
using AutonomOS.Tenants;
using AutonomOS.Tests.Conformance.Stores;
using AutonomOS.Workers;

namespace AutonomOS.Tests.Conformance;

/// <summary>Fair dispatch: tenants with work get slot time by weight, whatever the length of their jobs.</summary>
/// <remarks>
/// Bodies are real waits, and slot time is measured here, from the claim's answer to the settlement's, not asked of the
/// store. The slots are fewer than any tenant's limit, so that it is the scheduler that decides. The gap in slot time ÷
/// weight between two tenants that are eligible throughout is at most (N+1)(L_f/φ_f + L_g/φ_g) + k (SFQ(D): Jin, Chase
/// and Kaur, 2004), with L the longest attempt as it was measured, a stall of the machine included, and k for what is
/// charged late: here one more longest attempt of each in each slot.
/// </remarks>
public abstract class FairnessTests(StoreFixture store) : ConformanceTests(store)
{
    private const int Slots = 4;
    private static readonly TimeSpan RunFor = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task SlotTime_WeightsAndLengthsDiffer_FollowsTheWeights()
    {
        var run = await RunAsync((RedisJobStore)Jobs);

        Assert.Empty(run.Beyond);
    }

    [Fact]
    public async Task SlotTime_WeightsIgnored_TheGapIsSeen()
    {
        var scripts = ScriptCatalog.Shipped;
        foreach (var name in new[] { "index", "pick" })
        {
            var text = scripts[name].Text;
            var planted = text.Replace(" / e.weight", "", StringComparison.Ordinal).Replace(" / n.weight", "", StringComparison.Ordinal);
            Assert.NotEqual(text, planted);
            scripts = scripts.With(name, planted);
        }

        await using var broken = Open(Connection, scripts);

        Assert.NotEmpty((await RunAsync(broken)).Beyond);
    }

    private async Task<Outcome> RunAsync(RedisJobStore platform)
    {
        (int Weight, int BodyMs)[] kinds = [(1, 5), (3, 20), (1, 12)];
        var tenants = new List<Tenant>();
        foreach (var (weight, bodyMs) in kinds)
        {
            var settings = new TenantSettings { Id = TenantId.Parse(NewName("fair")), Epoch = 1, Weight = weight, Limits = new() { MaxConcurrent = Slots } };
            await platform.ApplyTenantAsync(settings, Ct);
            tenants.Add(new Tenant(settings, bodyMs));
        }

        foreach (var tenant in tenants)
        {
            foreach (var chunk in Enumerable.Range(0, 4000).Select(i => Job(i.ToString(CultureInfo.InvariantCulture))).Chunk(1000))
            {
                Assert.All(await platform.SubmitAsync(tenant.Settings.Id, 1, chunk, Ct), r => Assert.True(r.IsAccepted));
            }
        }

        var byId = tenants.ToDictionary(t => t.Settings.Id);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Slots).Select(slot => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(start) < RunFor)
            {
                var claim = await platform.ClaimAsync(new() { Pool = Pool, WorkerId = $"slot{slot}", Slots = 1, LeaseMs = 60_000 }, Ct);
                foreach (var job in claim.Jobs)
                {
                    var began = Stopwatch.GetTimestamp();
                    var tenant = byId[job.Tenant];
                    await Task.Delay(tenant.BodyMs, Ct);
                    Assert.Equal(TransitionResult.Done, (await platform.SettleAsync([new(LeaseKey.Of(job), AttemptEnd.Completed)], Ct))[0]);
                    tenant.Served.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
            }
        }, Ct)));

        foreach (var tenant in tenants)
        {
            Assert.True((await platform.UsageAsync(tenant.Settings.Id, Ct))!.Queued > Slots, "A tenant ran out of work, so it was not eligible throughout.");
        }

        var beyond = new List<string>();
        var largest = 0.0;
        foreach (var (f, g) in tenants.SelectMany((f, i) => tenants.Skip(i + 1).Select(g => (f, g))))
        {
            var bound = (Slots + 1 + Slots) * (f.LongestMs + g.LongestMs);
            largest = Math.Max(largest, bound);
            if (Math.Abs(f.NormalisedMs - g.NormalisedMs) > bound)
            {
                beyond.Add($"weights {f.Settings.Weight} and {g.Settings.Weight}: {f.NormalisedMs:F0} ms and {g.NormalisedMs:F0} ms, bound {bound:F0} ms");
            }
        }

        // A stall of the machine widens the bound; one as wide as the service itself would let anything pass.
        var most = tenants.Max(t => t.NormalisedMs);
        Assert.SkipUnless(most > largest * 1.5, $"Inconclusive: the machine stalled. Served {most:F0} ms against a bound of {largest:F0} ms.");
        return new Outcome(beyond);
    }

    private sealed record Outcome(IReadOnlyList<string> Beyond);

    private sealed class Tenant(TenantSettings settings, int bodyMs)
    {
        public TenantSettings Settings { get; } = settings;

        public int BodyMs { get; } = bodyMs;

        public ConcurrentBag<double> Served { get; } = [];

        /// <summary>Slot time ÷ weight, in milliseconds.</summary>
        public double NormalisedMs => Served.Sum() / Settings.Weight;

        /// <summary>The longest attempt ÷ weight, in milliseconds.</summary>
        public double LongestMs => Served.DefaultIfEmpty().Max() / Settings.Weight;
    }
}

public sealed class FairnessOnGarnet(EmbeddedFixture store) : FairnessTests(store), IClassFixture<EmbeddedFixture>;

public sealed class FairnessOnRedis(RedisFixture store) : FairnessTests(store), IClassFixture<RedisFixture>;
