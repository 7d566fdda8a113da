using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace AutonomOS.Records.Sqlite;

/// <summary>Settings that SQLite keeps for each connection, not in the file.</summary>
internal sealed class SqlitePragmas(string statements) : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statements;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = statements;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
