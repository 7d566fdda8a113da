using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace AutonomOS.Records.PostgreSql;

/// <summary>Lets <c>dotnet ef migrations add NAME --context PostgreSqlRecordsContext --output-dir Records/PostgreSql/Migrations</c> make a context; never used at run time.</summary>
internal sealed class PostgreSqlRecordsContextFactory : IDesignTimeDbContextFactory<PostgreSqlRecordsContext>
{
    public PostgreSqlRecordsContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgreSqlRecordsContext>().UseNpgsql("Host=localhost").Options);
}
