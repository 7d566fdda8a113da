using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace AutonomOS.Records.Sqlite;

/// <summary>Lets <c>dotnet ef migrations add NAME --context SqliteRecordsContext --output-dir Records/Sqlite/Migrations</c> make a context; never used at run time.</summary>
internal sealed class SqliteRecordsContextFactory : IDesignTimeDbContextFactory<SqliteRecordsContext>
{
    public SqliteRecordsContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteRecordsContext>().UseSqlite("Data Source=:memory:").Options);
}
