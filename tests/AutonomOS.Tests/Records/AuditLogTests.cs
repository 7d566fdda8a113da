using System.Text.Json;
using AutonomOS.Records;
using AutonomOS.Tenants;
using static AutonomOS.Tests.Records.RecordsProcess;

namespace AutonomOS.Tests.Records;

/// <summary>What was done, by whom: written with the act, never without it, and never with a secret.</summary>
public abstract class AuditLogTests(RecordsFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryAct_IsInTheLog_InOrder_WithWhoAndWhatAndBeforeAndAfter()
    {
        await using var process = await fixture.NewProcessAsync();
        var id = fixture.NewTenant();
        var other = await fixture.NewTenantAsync(process);
        await process.Tenants.CreateAsync(Who, id, 2, new TenantLimits { MaxQueued = 7 });
        await process.Tenants.ChangeAsync(Who, id, 1, (weight, limits) => (weight + 1, limits));
        await process.Tenants.SuspendAsync(Who, id, null);
        await process.Tenants.ResumeAsync(Actor.System("test"), id, null);
        var first = (await process.Tenants.IssueKeyAsync(Who, id)).Key!;
        var second = (await process.Tenants.RotateKeyAsync(Who, id, first.Id, TimeSpan.FromHours(1))).Key!;
        await process.Tenants.RevokeKeyAsync(Who, id, second.Id);

        var log = await process.Audit.ListAsync(id, null, 100, Cancellation);

        Assert.Equal(
            ["key.revoke", "key.rotate", "key.issue", "tenant.resume", "tenant.suspend", "tenant.change", "tenant.create"],
            log.Select(entry => entry.Action));
        Assert.All(log, entry => Assert.Equal(id, entry.Tenant));
        Assert.All(log.Where(entry => entry.Action != "tenant.resume"), entry => Assert.Equal(("admin", "192.0.2.7"), (entry.Actor, entry.Origin)));
        Assert.Equal(("system:test", null), (log[3].Actor, log[3].Origin));
        Assert.Null(log[^1].Before);
        Assert.Equal((2, 7, "active", 1), Facts(log[^1].After));
        Assert.Equal(((2, 7, "active", 1), (3, 7, "active", 2)), (Facts(log[^2].Before), Facts(log[^2].After)));
        Assert.Equal(((3, 7, "active", 2), (3, 7, "suspended", 3)), (Facts(log[^3].Before), Facts(log[^3].After)));
        Assert.Contains(second.Id, log[1].After, StringComparison.Ordinal);
        Assert.InRange(log[0].At, TimeProvider.System.GetUtcNow().AddMinutes(-10), TimeProvider.System.GetUtcNow());
        Assert.Equal("tenant.create", Assert.Single(await process.Audit.ListAsync(other, null, 100, Cancellation)).Action);
        Assert.Equal(8, (await process.Audit.ListAsync(null, null, 100, Cancellation)).Count);
    }

    [Fact]
    public async Task AnActThatWasRefusedOrChangedNothing_LeavesNoEntry()
    {
        await using var process = await fixture.NewProcessAsync();
        var id = await fixture.NewTenantAsync(process);
        var key = (await process.Tenants.IssueKeyAsync(Who, id)).Key!;
        await process.Tenants.RevokeKeyAsync(Who, id, key.Id);

        Assert.Equal(TenantChangeStatus.Exists, (await process.Tenants.CreateAsync(Who, id, 1, new TenantLimits())).Status);
        Assert.Equal(TenantChangeStatus.VersionConflict, (await process.Tenants.SuspendAsync(Who, id, 9)).Status);
        Assert.Equal(TenantChangeStatus.Done, (await process.Tenants.ResumeAsync(Who, id, null)).Status);
        Assert.Equal(TenantChangeStatus.NotFound, (await process.Tenants.SuspendAsync(Who, fixture.NewTenant(), null)).Status);
        Assert.True(await process.Tenants.RevokeKeyAsync(Who, id, key.Id));
        Assert.False(await process.Tenants.RevokeKeyAsync(Who, id, "nokey"));
        Assert.Equal(TenantChangeStatus.KeyRevoked, (await process.Tenants.RotateKeyAsync(Who, id, key.Id, TimeSpan.Zero)).Status);

        Assert.Equal(["key.revoke", "key.issue", "tenant.create"], (await process.Audit.ListAsync(null, null, 100, Cancellation)).Select(entry => entry.Action));
    }

    [Fact]
    public async Task List_WalksThePagesWithoutAGapOrARepeat()
    {
        await using var process = await fixture.NewProcessAsync();
        var ids = new List<TenantId>();
        for (var i = 0; i < 7; i++)
        {
            ids.Add(await fixture.NewTenantAsync(process));
        }

        var seen = new List<AuditEntry>();
        string? before = null;
        do
        {
            var page = await process.Audit.ListAsync(null, before, 3, Cancellation);
            seen.AddRange(page);
            before = page.Count == 3 ? page[^1].Id : null;
        }
        while (before is not null);

        Assert.Equal(ids.AsEnumerable().Reverse(), seen.Select(entry => entry.Tenant));
    }

    [Fact]
    public async Task Prune_RemovesWhatIsPastTheRetention_OldestFirst()
    {
        await using var process = await fixture.NewProcessAsync();
        var (one, two) = (await fixture.NewTenantAsync(process), await fixture.NewTenantAsync(process));
        var last = (await process.Audit.ListAsync(null, null, 1, Cancellation))[0].At;

        Assert.Equal(0, await process.Audit.PruneAsync(last.AddDays(AuditLog.RetentionDays).AddMinutes(-10), 10, Cancellation));
        Assert.Equal(1, await process.Audit.PruneAsync(last.AddDays(AuditLog.RetentionDays).AddSeconds(1), 1, Cancellation));
        Assert.Empty(await process.Audit.ListAsync(one, null, 10, Cancellation));
        Assert.Single(await process.Audit.ListAsync(two, null, 10, Cancellation));
        Assert.Equal(1, await process.Audit.PruneAsync(last.AddDays(AuditLog.RetentionDays).AddSeconds(1), 10, Cancellation));
    }

    [Fact]
    public void Actor_PutsNothingUnprintableIntoTheLog()
    {
        var actor = Actor.Admin("192.0.2.7\r\nadmin\0é" + new string('x', 500));
        Assert.Equal(Actor.LengthMax, actor.Origin!.Length);
        Assert.StartsWith("192.0.2.7??admin??xx", actor.Origin, StringComparison.Ordinal);
    }

    private static (int Weight, int MaxQueued, string? Status, long Version) Facts(string? json)
    {
        var facts = JsonDocument.Parse(json!).RootElement;
        return (facts.GetProperty("weight").GetInt32(), facts.GetProperty("max_queued").GetInt32(), facts.GetProperty("status").GetString(), facts.GetProperty("version").GetInt64());
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteAuditLogTests(SqliteRecordsFixture fixture) : AuditLogTests(fixture), IClassFixture<SqliteRecordsFixture>;

/// <summary>On PostgreSQL.</summary>
public sealed class PostgreSqlAuditLogTests(PostgreSqlRecordsFixture fixture) : AuditLogTests(fixture), IClassFixture<PostgreSqlRecordsFixture>;
