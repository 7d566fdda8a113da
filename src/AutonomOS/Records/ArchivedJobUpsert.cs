using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace AutonomOS.Records;

/// <summary>Writes rows of the archive, or leaves those alone that are there and no older: what EF Core has no word for.</summary>
/// <remarks>
/// Columns, their conversion and the database's types are taken from the model, so that nothing is said twice. One
/// statement for many rows: a database on another machine costs a round trip a statement.
/// </remarks>
internal static class ArchivedJobUpsert
{
    private const int RowsPerStatement = 50;

    /// <summary>Runs in the context's transaction.</summary>
    /// <param name="context">The context.</param>
    /// <param name="rows">No two of the same job: the database refuses to touch a row twice in a statement.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Rows written.</returns>
    public static async Task<int> ExecuteAsync(RecordsContext context, IReadOnlyList<ArchivedJobRow> rows, CancellationToken cancellation)
    {
        var type = context.Model.FindEntityType(typeof(ArchivedJobRow))!;
        var written = 0;
        foreach (var chunk in rows.Chunk(RowsPerStatement))
        {
            await using var command = context.Database.GetDbConnection().CreateCommand();
            command.Transaction = context.Database.CurrentTransaction!.GetDbTransaction();
            command.CommandText = Text(type, chunk.Length);
            for (var row = 0; row < chunk.Length; row++)
            {
                foreach (var property in type.GetProperties())
                {
                    var value = property.GetGetter().GetClrValue(chunk[row]);
                    command.Parameters.Add(property.GetRelationalTypeMapping().CreateParameter(command, Parameter(property, row), value, property.IsNullable));
                }
            }

            written += await command.ExecuteNonQueryAsync(cancellation);
        }

        return written;
    }

    private static string Text(IEntityType type, int rows)
    {
        var table = type.GetTableName();
        var later = type.FindProperty(nameof(ArchivedJobRow.EventSequence))!.GetColumnName();
        var text = new StringBuilder();
        text.Append("INSERT INTO ").Append(table).Append(" (").AppendJoin(", ", type.GetProperties().Select(Column)).Append(") VALUES ");
        text.AppendJoin(", ", Enumerable.Range(0, rows).Select(row => $"({string.Join(", ", type.GetProperties().Select(property => Parameter(property, row)))})"));
        text.Append(" ON CONFLICT (").AppendJoin(", ", type.FindPrimaryKey()!.Properties.Select(Column)).Append(") DO UPDATE SET ");
        text.AppendJoin(", ", type.GetProperties().Where(property => !property.IsPrimaryKey()).Select(property => $"{Column(property)} = excluded.{Column(property)}"));
        text.Append(" WHERE ").Append(table).Append('.').Append(later).Append(" < excluded.").Append(later);
        return text.ToString();
    }

    private static string Column(IProperty property) => property.GetColumnName();

    private static string Parameter(IProperty property, int row) => $"@{property.GetColumnName()}_{row}";
}
