namespace AutonomOS.Records;

/// <summary>An API key as the records keep it: the hash of its secret, never the secret.</summary>
internal sealed class ApiKeyRow
{
    public required string TenantId { get; set; }

    /// <summary>The public half: 20 lower-case hexadecimal digits, 80 random bits.</summary>
    public required string Id { get; set; }

    /// <summary>SHA-256 of the secret half as ASCII text.</summary>
    public required byte[] SecretHash { get; set; }

    public required DateTimeOffset CreatedAt { get; set; }

    /// <summary>From when on it is refused; may lie ahead, for a key that was rotated.</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}
