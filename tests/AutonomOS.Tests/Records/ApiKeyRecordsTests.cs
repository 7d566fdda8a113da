using AutonomOS.Records;
using AutonomOS.Tenants;
using static AutonomOS.Tests.Records.RecordsProcess;

namespace AutonomOS.Tests.Records;

/// <summary>Keys in a real database: what is stored of them, their ends, and the cache that stands between requests and the records.</summary>
public abstract class ApiKeyRecordsTests(RecordsFixture fixture)
{
    /// <summary>Longer than any bound of a database's own, and no hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Records_HoldTheHashAndNotTheSecret()
    {
        var place = await fixture.NewPlaceAsync();
        await using var process = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = await fixture.NewTenantAsync(process);
        var first = (await process.Tenants.IssueKeyAsync(Who, id)).Key!;
        var second = (await process.Tenants.RotateKeyAsync(Who, id, first.Id, TimeSpan.FromHours(1))).Key!;
        await process.Tenants.RevokeKeyAsync(Who, id, second.Id);

        var content = await place.ContentAsync();

        Assert.All([first, second], key =>
        {
            Assert.DoesNotContain(key.Reveal().Split('.')[1], content, StringComparison.Ordinal);
            Assert.Contains(System.Text.Encoding.Latin1.GetString(key.Hash()), content, StringComparison.Ordinal);
        });
        // The log says which key, and not even the hash of its secret: that is once in the records, with the key.
        var audit = string.Concat((await process.Audit.ListAsync(id, null, 10, TestContext.Current.CancellationToken)).Select(entry => entry.Before + entry.After));
        Assert.Contains(first.Id, audit, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexString(first.Hash()), audit, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(first.Hash()), audit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authenticate_TellsWhoseKeyItIs()
    {
        await using var process = await fixture.NewProcessAsync();
        var (a, b) = (fixture.NewTenant(), fixture.NewTenant());
        await process.Tenants.CreateAsync(Who, a, 1, new TenantLimits());
        await process.Tenants.CreateAsync(Who, b, 1, new TenantLimits());
        var (keyA, keyB) = ((await process.Tenants.IssueKeyAsync(Who, a)).Key!, (await process.Tenants.IssueKeyAsync(Who, b)).Key!);

        Assert.Equal(new TenantIdentity(keyA.Id, a, 1, TenantStatus.Active), (await process.Keys.AuthenticateAsync(keyA.Reveal())).Identity);
        Assert.Equal(b, (await process.Keys.AuthenticateAsync(keyB.Reveal())).Identity!.Tenant);
        var mixed = $"{keyA.Id}.{keyB.Reveal().Split('.')[1]}";
        Assert.Equal(AuthenticationStatus.Unknown, (await process.Keys.AuthenticateAsync(mixed)).Status);
        Assert.Equal(AuthenticationStatus.Unknown, (await process.Keys.AuthenticateAsync(ApiKey.New().Reveal())).Status);
    }

    [Fact]
    public async Task Refresh_BringsRevocationAndSuspensionByAnotherProcess()
    {
        var place = await fixture.NewPlaceAsync();
        await using var here = await RecordsProcess.OpenAsync(place, fixture.Store);
        await using var there = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = fixture.NewTenant();
        await here.Tenants.CreateAsync(Who, id, 1, new TenantLimits());
        var (first, second) = ((await here.Tenants.IssueKeyAsync(Who, id)).Key!, (await here.Tenants.IssueKeyAsync(Who, id)).Key!);
        var identity = (await here.Keys.AuthenticateAsync(first.Reveal())).Identity!;
        await here.Keys.AuthenticateAsync(second.Reveal());

        Assert.True(await there.Tenants.RevokeKeyAsync(Who, id, first.Id));
        await there.Tenants.SuspendAsync(Who, id, null);
        Assert.True(here.Keys.IsCurrent(identity, out var before));
        Assert.Equal(TenantStatus.Active, before);
        await here.Keys.RefreshAsync();

        Assert.False(here.Keys.IsCurrent(identity, out _));
        Assert.Equal(AuthenticationStatus.Unknown, (await here.Keys.AuthenticateAsync(first.Reveal())).Status);
        Assert.Equal(TenantStatus.Suspended, (await here.Keys.AuthenticateAsync(second.Reveal())).Identity!.Status);
    }

    [Fact]
    public async Task Authenticate_WithTheRecordsAway_KnowsKeptKeysAndDoesNotDenyOthers()
    {
        var place = await fixture.NewPlaceAsync();
        await using var process = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(Who, id, 1, new TenantLimits());
        var (kept, unseen) = ((await process.Tenants.IssueKeyAsync(Who, id)).Key!, (await process.Tenants.IssueKeyAsync(Who, id)).Key!);
        await process.Keys.AuthenticateAsync(kept.Reveal());

        await place.AwayAsync();
        Assert.Equal(AuthenticationStatus.RecordsUnavailable, (await process.Keys.AuthenticateAsync(unseen.Reveal())).Status);
        await Assert.ThrowsAsync<RecordsUnavailableException>(process.Keys.RefreshAsync);
        Assert.Equal(AuthenticationStatus.Known, (await process.Keys.AuthenticateAsync(kept.Reveal())).Status);
        await Assert.ThrowsAsync<RecordsUnavailableException>(() => process.Tenants.CreateAsync(Who, fixture.NewTenant(), 1, new TenantLimits()));

        await place.BackAsync();
        Assert.Equal(AuthenticationStatus.Known, (await process.Keys.AuthenticateAsync(unseen.Reveal())).Status);
    }

    [Fact]
    public async Task Write_WhileAnotherProcessHoldsTheTenant_EndsInTimeAsUnavailable()
    {
        var place = await fixture.NewPlaceAsync();
        await using var process = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(Who, id, 1, new TenantLimits());
        var holder = await place.HoldAsync(id);

        var start = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<RecordsUnavailableException>(() => process.Tenants.SuspendAsync(Who, id, null));
        Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience);
        // Readers go on beside a writer.
        Assert.Equal(TenantStatus.Active, (await process.Tenants.GetAsync(id))!.Settings.Status);

        await holder.DisposeAsync();
        Assert.Equal(TenantChangeStatus.Done, (await process.Tenants.SuspendAsync(Who, id, null)).Status);
    }

    [Fact]
    public async Task Lookups_OfMadeUpKeysInAFlood_AreLimitedAndKeptKeysAreNot()
    {
        await using var process = await fixture.NewProcessAsync();
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(Who, id, 1, new TenantLimits());
        var kept = (await process.Tenants.IssueKeyAsync(Who, id)).Key!.Reveal();
        await process.Keys.AuthenticateAsync(kept);
        var limited = 0;
        for (var presented = 0; presented < 200_000 && limited == 0; presented += 500)
        {
            // Not awaited one by one: the flood must be faster than the bucket fills.
            var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => Task.Run(() => process.Keys.AuthenticateAsync(ApiKey.New().Reveal()))));
            Assert.All(answers, answer => Assert.NotEqual(AuthenticationStatus.Known, answer.Status));
            limited += answers.Count(answer => answer.Status is AuthenticationStatus.TooManyLookups);
        }

        Assert.True(limited > 0, "No lookup was ever limited.");
        Assert.Equal(AuthenticationStatus.Known, (await process.Keys.AuthenticateAsync(kept)).Status);
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteApiKeyRecordsTests(SqliteRecordsFixture fixture) : ApiKeyRecordsTests(fixture), IClassFixture<SqliteRecordsFixture>;

/// <summary>On PostgreSQL.</summary>
public sealed class PostgreSqlApiKeyRecordsTests(PostgreSqlRecordsFixture fixture) : ApiKeyRecordsTests(fixture), IClassFixture<PostgreSqlRecordsFixture>;
