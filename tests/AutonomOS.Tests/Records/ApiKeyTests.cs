using AutonomOS.Records;
using AutonomOS.Tenants;
using Microsoft.Data.Sqlite;

namespace AutonomOS.Tests.Records;

/// <summary>Keys: their form, what is stored of them, and the cache that stands between requests and the records.</summary>
public sealed class ApiKeyTests(RecordsFixture fixture) : IClassFixture<RecordsFixture>
{
    [Fact]
    public void New_GivesAKeyThatParsesAndMatchesItsOwnHashAlone()
    {
        var key = ApiKey.New();
        var other = ApiKey.New();

        Assert.True(ApiKey.TryParse(key.Reveal(), out var parsed));
        Assert.Equal(key.Id, parsed.Id);
        Assert.True(parsed.Matches(key.Hash()));
        Assert.False(other.Matches(key.Hash()));
        Assert.False(key.Matches([]));
        Assert.NotEqual(key.Id, other.Id);
        Assert.DoesNotContain(key.Reveal().Split('.')[1], key.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_WhatHasNotTheFormOfAKey_IsRefused()
    {
        var key = ApiKey.New().Reveal();
        string?[] wrong = [null, "", ".", key + "\n", " " + key, key[1..], key[..^1], key.Replace('.', '-'), key.ToUpperInvariant(), key[..^1] + "=", key[..^1] + "é", new string('a', 64)];
        Assert.All(wrong, text => Assert.False(ApiKey.TryParse(text, out _)));
        Assert.True(ApiKey.TryParse(key, out _));
    }

    [Fact]
    public async Task Records_HoldTheHashAndNotTheSecret()
    {
        var file = fixture.NewFile();
        string secret;
        await using (var process = await RecordsProcess.OpenAsync(file, fixture.Store))
        {
            var id = fixture.NewTenant();
            await process.Tenants.CreateAsync(id, 1, new TenantLimits());
            secret = (await process.Tenants.IssueKeyAsync(id)).Key!.Reveal().Split('.')[1];
        }

        var bytes = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(secret, bytes, StringComparison.Ordinal);
        Assert.Contains(System.Text.Encoding.Latin1.GetString(ApiKey.HashOf(secret)), bytes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authenticate_TellsWhoseKeyItIs()
    {
        await using var process = await RecordsProcess.OpenAsync(fixture.NewFile(), fixture.Store);
        var (a, b) = (fixture.NewTenant(), fixture.NewTenant());
        await process.Tenants.CreateAsync(a, 1, new TenantLimits());
        await process.Tenants.CreateAsync(b, 1, new TenantLimits());
        var (keyA, keyB) = ((await process.Tenants.IssueKeyAsync(a)).Key!, (await process.Tenants.IssueKeyAsync(b)).Key!);

        Assert.Equal(new TenantIdentity(keyA.Id, a, 1, TenantStatus.Active), (await process.Keys.AuthenticateAsync(keyA.Reveal())).Identity);
        Assert.Equal(b, (await process.Keys.AuthenticateAsync(keyB.Reveal())).Identity!.Tenant);
        var mixed = $"{keyA.Id}.{keyB.Reveal().Split('.')[1]}";
        Assert.Equal(AuthenticationStatus.Unknown, (await process.Keys.AuthenticateAsync(mixed)).Status);
        Assert.Equal(AuthenticationStatus.Unknown, (await process.Keys.AuthenticateAsync(ApiKey.New().Reveal())).Status);
    }

    [Fact]
    public async Task Refresh_BringsRevocationAndSuspensionByAnotherProcess()
    {
        var file = fixture.NewFile();
        await using var here = await RecordsProcess.OpenAsync(file, fixture.Store);
        await using var there = await RecordsProcess.OpenAsync(file, fixture.Store);
        var id = fixture.NewTenant();
        await here.Tenants.CreateAsync(id, 1, new TenantLimits());
        var (first, second) = ((await here.Tenants.IssueKeyAsync(id)).Key!, (await here.Tenants.IssueKeyAsync(id)).Key!);
        var identity = (await here.Keys.AuthenticateAsync(first.Reveal())).Identity!;
        await here.Keys.AuthenticateAsync(second.Reveal());

        Assert.True(await there.Tenants.RevokeKeyAsync(id, first.Id));
        await there.Tenants.SuspendAsync(id, null);
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
        var file = fixture.NewFile();
        await using var process = await RecordsProcess.OpenAsync(file, fixture.Store);
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(id, 1, new TenantLimits());
        var (kept, unseen) = ((await process.Tenants.IssueKeyAsync(id)).Key!, (await process.Tenants.IssueKeyAsync(id)).Key!);
        await process.Keys.AuthenticateAsync(kept.Reveal());

        SqliteConnection.ClearAllPools();
        File.Move(file, file + ".away");
        Assert.Equal(AuthenticationStatus.RecordsUnavailable, (await process.Keys.AuthenticateAsync(unseen.Reveal())).Status);
        await Assert.ThrowsAsync<RecordsUnavailableException>(process.Keys.RefreshAsync);
        Assert.Equal(AuthenticationStatus.Known, (await process.Keys.AuthenticateAsync(kept.Reveal())).Status);
        await Assert.ThrowsAsync<RecordsUnavailableException>(() => process.Tenants.CreateAsync(fixture.NewTenant(), 1, new TenantLimits()));
        Assert.False(File.Exists(file), "A missing file was made anew: the records would have begun from nothing.");

        File.Move(file + ".away", file);
        Assert.Equal(AuthenticationStatus.Known, (await process.Keys.AuthenticateAsync(unseen.Reveal())).Status);
    }

    [Fact]
    public async Task Write_WhileAnotherProcessHoldsTheFile_EndsInTimeAsUnavailable()
    {
        var file = fixture.NewFile();
        await using var process = await RecordsProcess.OpenAsync(file, fixture.Store);
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(id, 1, new TenantLimits());
        await using var holder = new SqliteConnection($"Data Source={file};Pooling=False");
        await holder.OpenAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(holder, "BEGIN IMMEDIATE");

        var start = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<RecordsUnavailableException>(() => process.Tenants.SuspendAsync(id, null));
        Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
        // Readers go on beside a writer.
        Assert.Equal(TenantStatus.Active, (await process.Tenants.GetAsync(id))!.Settings.Status);

        await ExecuteAsync(holder, "ROLLBACK");
        Assert.Equal(TenantChangeStatus.Done, (await process.Tenants.SuspendAsync(id, null)).Status);
    }

    [Fact]
    public async Task Lookups_OfMadeUpKeysInAFlood_AreLimitedAndKeptKeysAreNot()
    {
        await using var process = await RecordsProcess.OpenAsync(fixture.NewFile(), fixture.Store);
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(id, 1, new TenantLimits());
        var kept = (await process.Tenants.IssueKeyAsync(id)).Key!.Reveal();
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

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
