using System.ComponentModel.DataAnnotations;
using System.Data.Common;
using AutonomOS.Records;
using AutonomOS.Tenants;
using AutonomOS.Tests.Records.Databases;
using Microsoft.EntityFrameworkCore;
using static AutonomOS.Tests.Records.RecordsProcess;

namespace AutonomOS.Tests.Records;

/// <summary>Tenants in a real database, changed by many at once, and their way into the store.</summary>
public abstract class TenantRegistryTests(RecordsFixture fixture)
{
    [Fact]
    public async Task Create_IsInTheRecordsAndInTheStore()
    {
        await using var process = await fixture.NewProcessAsync();
        var id = fixture.NewTenant();
        var limits = new TenantLimits { MaxConcurrent = 3, MaxQueued = 0, PayloadBytesMax = 2048, ResultBytesMax = 4096, ErrorBytesMax = 512, TotalPayloadBytesMax = 5L * 1024 * 1024 * 1024, RetentionSeconds = 7 };

        var created = await process.Tenants.CreateAsync(Who, id, 9, limits);

        Assert.Equal(TenantChangeStatus.Done, created.Status);
        var expected = new TenantSettings { Id = id, Epoch = 1, Version = 1, Weight = 9, Limits = limits };
        Assert.Equal(expected, created.Tenant!.Settings);
        Assert.True(created.Tenant.Applied);
        Assert.Equal(created.Tenant, await process.Tenants.GetAsync(id));
        Assert.Equal(expected, (await process.Store.UsageAsync(id, TestContext.Current.CancellationToken))!.Settings);
    }

    [Fact]
    public async Task Create_SameIdByTwoProcessesAtOnce_MakesOne()
    {
        var place = await fixture.NewPlaceAsync();
        await using var one = await RecordsProcess.OpenAsync(place, fixture.Store);
        await using var two = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = fixture.NewTenant();

        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => (i % 2 == 0 ? one : two).Tenants.CreateAsync(Who, id, (i % 10) + 1, new TenantLimits()))));

        var winner = Assert.Single(results, result => result.Status is TenantChangeStatus.Done);
        Assert.All(results.Where(result => result != winner), result => Assert.Equal(TenantChangeStatus.Exists, result.Status));
        Assert.Equal(winner.Tenant!.Settings, (await two.Tenants.GetAsync(id))!.Settings);
    }

    [Fact]
    public async Task Change_ByManyAtOnceWithTheirVersion_LosesNoUpdate()
    {
        var place = await fixture.NewPlaceAsync();
        await using var one = await RecordsProcess.OpenAsync(place, fixture.Store);
        await using var two = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = fixture.NewTenant();
        await one.Tenants.CreateAsync(Who, id, 1, new TenantLimits { MaxQueued = 0 });
        var successes = 0;
        var conflicts = 0;

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(async () =>
        {
            var process = i % 2 == 0 ? one : two;
            for (var done = 0; done < 2;)
            {
                var now = (await process.Tenants.GetAsync(id))!.Settings;
                var result = await process.Tenants.ChangeAsync(Who, id, now.Version, (weight, limits) => (weight, limits with { MaxQueued = now.Limits.MaxQueued + 1 }));
                if (result.Status is TenantChangeStatus.Done)
                {
                    done++;
                    Interlocked.Increment(ref successes);
                }
                else
                {
                    Assert.Equal(TenantChangeStatus.VersionConflict, result.Status);
                    Interlocked.Increment(ref conflicts);
                }
            }
        })));

        var end = (await one.Tenants.GetAsync(id))!.Settings;
        Assert.Equal((100, 100, 101), (successes, end.Limits.MaxQueued, end.Version));
        Assert.True(conflicts > 0, "Nothing ran at once: no conflict was seen.");
        Assert.Equal(end, (await one.Store.UsageAsync(id, TestContext.Current.CancellationToken))!.Settings);
    }

    [Fact]
    public async Task Change_ByManyAtOnceWithoutAVersion_AppliesThemAll()
    {
        var place = await fixture.NewPlaceAsync();
        await using var one = await RecordsProcess.OpenAsync(place, fixture.Store);
        await using var two = await RecordsProcess.OpenAsync(place, fixture.Store);
        var id = fixture.NewTenant();
        await one.Tenants.CreateAsync(Who, id, 1, new TenantLimits { MaxQueued = 0 });

        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() =>
            (i % 2 == 0 ? one : two).Tenants.ChangeAsync(Who, id, null, (weight, limits) => (weight, limits with { MaxQueued = limits.MaxQueued + 1 })))));

        Assert.All(results, result => Assert.Equal(TenantChangeStatus.Done, result.Status));
        var end = (await one.Tenants.GetAsync(id))!.Settings;
        Assert.Equal((50, 51), (end.Limits.MaxQueued, end.Version));
    }

    [Fact]
    public async Task Change_OutOfRange_ChangesNothing()
    {
        await using var process = await fixture.NewProcessAsync();
        var id = fixture.NewTenant();
        await Assert.ThrowsAsync<ValidationException>(() => process.Tenants.CreateAsync(Who, id, 0, new TenantLimits()));
        await Assert.ThrowsAsync<ValidationException>(() => process.Tenants.CreateAsync(Who, id, 1, new TenantLimits { MaxConcurrent = 0 }));
        Assert.Null(await process.Tenants.GetAsync(id));
        await process.Tenants.CreateAsync(Who, id, 1, new TenantLimits());

        await Assert.ThrowsAsync<ValidationException>(() => process.Tenants.ChangeAsync(Who, id, 1, (_, limits) => (1001, limits)));

        Assert.Equal(1, (await process.Tenants.GetAsync(id))!.Settings.Version);
    }

    [Fact]
    public async Task SuspendAndResume_AreIdempotentAndReachTheStore()
    {
        await using var process = await fixture.NewProcessAsync();
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(Who, id, 1, new TenantLimits());

        Assert.Equal(2, (await process.Tenants.SuspendAsync(Who, id, null)).Tenant!.Settings.Version);
        Assert.Equal(2, (await process.Tenants.SuspendAsync(Who, id, 2)).Tenant!.Settings.Version);
        Assert.Equal(TenantStatus.Suspended, (await process.Store.UsageAsync(id, TestContext.Current.CancellationToken))!.Settings.Status);
        Assert.Equal(TenantChangeStatus.VersionConflict, (await process.Tenants.ResumeAsync(Who, id, 1)).Status);
        // A change of limits is no resumption.
        Assert.Equal(TenantStatus.Suspended, (await process.Tenants.ChangeAsync(Who, id, 2, (weight, limits) => (weight + 1, limits))).Tenant!.Settings.Status);
        Assert.Equal(TenantStatus.Active, (await process.Tenants.ResumeAsync(Who, id, null)).Tenant!.Settings.Status);
        Assert.Equal(TenantChangeStatus.NotFound, (await process.Tenants.SuspendAsync(Who, fixture.NewTenant(), null)).Status);
    }

    [Fact]
    public async Task List_ComparesIdsAsBytes()
    {
        await using var process = await fixture.NewProcessAsync();
        string[] ids = ["b", "a.b", "A", "a", "a-b", "aa", "B", "a_b", "0"];
        foreach (var id in ids)
        {
            Assert.Equal(TenantChangeStatus.Done, (await process.Tenants.CreateAsync(Who, TenantId.Parse(id), 1, new TenantLimits())).Status);
        }

        var seen = new List<string>();
        TenantId? after = null;
        do
        {
            var page = await process.Tenants.ListAsync(after, 2);
            seen.AddRange(page.Tenants.Select(tenant => tenant.Settings.Id.Value));
            after = page.Next;
        }
        while (after is not null);

        Assert.Equal(ids.Order(StringComparer.Ordinal), seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\n")]
    [InlineData("a\0")]
    [InlineData("a\0b")]
    [InlineData("a*")]
    [InlineData("a b")]
    [InlineData("{a}")]
    [InlineData("a:b")]
    [InlineData("-a")]
    [InlineData(".a")]
    [InlineData("ä")]
    [InlineData("a\u0301")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Database_RefusesAHostileIdThatPassedTheEdge(string id)
    {
        Assert.False(TenantId.TryParse(id, out _));
        var place = await fixture.NewPlaceAsync();
        await using var process = await RecordsProcess.OpenAsync(place, fixture.Store);
        await process.Tenants.CreateAsync(Who, TenantId.Parse("template"), 1, new TenantLimits());

        await Assert.ThrowsAnyAsync<DbException>(() => CopyAsync(place, id));
        // The control: the same row with an ordinary id is taken.
        Assert.Equal(1, await CopyAsync(place, "ordinary"));
    }

    [Fact]
    public async Task Create_AfterADeletion_BeginsTheNextEpochAndRevokesTheOldKeys()
    {
        await using var process = await fixture.NewProcessAsync();
        var id = fixture.NewTenant();
        await process.Tenants.CreateAsync(Who, id, 5, new TenantLimits());
        var key = (await process.Tenants.IssueKeyAsync(Who, id)).Key!;
        await process.Database.WriteAsync(RecordsScope.Of(id), async context =>
        {
            var row = await context.Tenants.SingleAsync(tenant => tenant.Id == id.Value);
            row.Status = TenantStatus.Deleted;
            row.Version++;
            return await context.SaveChangesAsync();
        });
        Assert.Null(await process.Tenants.GetAsync(id));
        Assert.Empty((await process.Tenants.ListAsync(null, 10)).Tenants);

        var again = await process.Tenants.CreateAsync(Who, id, 6, new TenantLimits());

        Assert.Equal((TenantChangeStatus.Done, 2, 3, 6), (again.Status, again.Tenant!.Settings.Epoch, again.Tenant.Settings.Version, again.Tenant.Settings.Weight));
        Assert.Equal(AuthenticationStatus.Unknown, (await process.Keys.AuthenticateAsync(key.Reveal())).Status);
        Assert.Equal(2, (await process.Store.UsageAsync(id, TestContext.Current.CancellationToken))!.Settings.Epoch);
    }

    private static async Task<int> CopyAsync(RecordsPlace place, string id)
    {
        await using var connection = await place.ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText =
            """
            INSERT INTO tenants SELECT @id, epoch, status, weight, max_concurrent, max_queued, payload_bytes_max, result_bytes_max,
                error_bytes_max, total_payload_bytes_max, retention_seconds, version, created_at, updated_at FROM tenants WHERE id = 'template'
            """;
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = ("@id", id);
        command.Parameters.Add(parameter);
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}

/// <summary>On SQLite.</summary>
public sealed class SqliteTenantRegistryTests(SqliteRecordsFixture fixture) : TenantRegistryTests(fixture), IClassFixture<SqliteRecordsFixture>;

/// <summary>On PostgreSQL.</summary>
public sealed class PostgreSqlTenantRegistryTests(PostgreSqlRecordsFixture fixture) : TenantRegistryTests(fixture), IClassFixture<PostgreSqlRecordsFixture>;
