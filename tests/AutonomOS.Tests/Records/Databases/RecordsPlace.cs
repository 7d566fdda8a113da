using System.Data.Common;
using AutonomOS.Records;
using AutonomOS.Tenants;

namespace AutonomOS.Tests.Records.Databases;

/// <summary>One database for records, made new, and what a test does to it behind the back of those who use it.</summary>
public abstract class RecordsPlace
{
    /// <summary>As another process would: with connections of its own.</summary>
    public abstract RecordsDatabase Open();

    /// <summary>Takes the database away: nobody can read or write it until <see cref="BackAsync"/>.</summary>
    public abstract Task AwayAsync();

    public abstract Task BackAsync();

    /// <summary>Holds what a change of the tenant needs, until disposed.</summary>
    public abstract Task<IAsyncDisposable> HoldAsync(TenantId tenant);

    /// <summary>An open connection that no policy binds.</summary>
    public abstract Task<DbConnection> ConnectAsync();

    /// <summary>Everything that the database keeps, as text of one byte a character, to search for what must not be in it.</summary>
    public abstract Task<string> ContentAsync();

    /// <summary>The plan by which the database would run a query, with the rights and settings of those who use it.</summary>
    internal abstract Task<string> PlanAsync<T>(RecordsScope scope, Func<RecordsContext, IQueryable<T>> query);
}
