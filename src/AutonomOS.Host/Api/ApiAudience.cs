namespace AutonomOS.Host.Api;

/// <summary>Whose key an endpoint takes. An endpoint without this is open to all.</summary>
internal enum ApiAudience
{
    /// <summary>A tenant's key.</summary>
    Tenant,

    /// <summary>A tenant's key; the answer is a stream that may stay open for long.</summary>
    TenantStream,

    /// <summary>The admin key.</summary>
    Admin,
}

/// <summary>The mark on an endpoint.</summary>
internal sealed record ApiAudienceMark(ApiAudience Audience);
