using AutonomOS.Host.Serving;
using AutonomOS.Records;
using Microsoft.Net.Http.Headers;

namespace AutonomOS.Host.Api;

/// <summary>Every call passes here: whose key is it, may it come here, and does its tenant stay within its rate.</summary>
internal sealed class ApiGate(RequestDelegate next, ApiKeyCache keys, AdminKey admin, TenantRateLimits limits)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<ApiAudienceMark>() is not { Audience: var audience })
        {
            await next(http);
            return;
        }

        var presented = Presented(http);
        if (presented is not null && admin.Matches(presented))
        {
            if (audience is not ApiAudience.Admin)
            {
                throw new ApiException(Problems.TenantKeyRequired);
            }

            await next(http);
            return;
        }

        var who = await keys.AuthenticateAsync(presented);
        switch (who.Status)
        {
            case AuthenticationStatus.Known when audience is ApiAudience.Admin:
                throw new ApiException(Problems.AdminKeyRequired);
            case AuthenticationStatus.Known:
                await AdmitAsync(http, who.Identity!, audience);
                return;
            case AuthenticationStatus.RecordsUnavailable:
                throw new ApiException(Problems.RecordsUnavailable);
            case AuthenticationStatus.TooManyLookups:
                throw new ApiException(Problems.LookupsLimited);
            default:
                http.Response.Headers.WWWAuthenticate = "Bearer";
                await ApiResults.WriteAsync(http, Problems.Unauthenticated);
                return;
        }
    }

    private static string? Presented(HttpContext http) =>
        http.Request.Headers[HeaderNames.Authorization] is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? header[Scheme.Length..]
            : null;

    private async Task AdmitAsync(HttpContext http, TenantIdentity identity, ApiAudience audience)
    {
        using var permit = limits.TryEnter(identity.Tenant, audience);
        if (permit is null)
        {
            throw new ApiException(Problems.RateLimited);
        }

        http.Features.Set(identity);
        await next(http);
    }
}

/// <summary>Reads what the gate left.</summary>
internal static class ApiGateContext
{
    /// <summary>The tenant whose key the request carries.</summary>
    public static TenantIdentity Tenant(this HttpContext http) =>
        http.Features.Get<TenantIdentity>() ?? throw new InvalidOperationException("The endpoint is not marked as a tenant's.");
}
