using AutonomOS.Jobs;

namespace AutonomOS.Host.Api;

/// <summary>Every error of the API, in one place: status, code, words.</summary>
internal static class Problems
{
    /// <summary>The one answer for a job that is not there and for a job of another tenant. Holds nothing of the request.</summary>
    public static ApiProblem NoSuchJob { get; } = NotFound("There is no such job.");

    public static ApiProblem NoSuchTenant { get; } = NotFound("There is no such tenant.");

    public static ApiProblem NoSuchKey { get; } = NotFound("The tenant has no such key.");

    public static ApiProblem NoSuchEndpoint { get; } = NotFound("There is no such endpoint. The API is described at /openapi/v1.json.");

    public static ApiProblem MethodNotAllowed { get; } = new() { Status = 405, Code = "method_not_allowed", Title = "Method not allowed", Detail = "This endpoint does not take this method; the Allow header names those it takes." };

    public static ApiProblem NotJson { get; } = new() { Status = 415, Code = "unsupported_media_type", Title = "Unsupported media type", Detail = "Send the body with 'Content-Type: application/json'." };

    public static ApiProblem Unauthenticated { get; } = new() { Status = 401, Code = "unauthenticated", Title = "Unauthenticated", Detail = "Send a key that is in force: 'Authorization: Bearer <key>'." };

    public static ApiProblem TenantKeyRequired { get; } = new() { Status = 403, Code = "forbidden", Title = "Forbidden", Detail = "This endpoint takes a tenant's key, not the admin key." };

    public static ApiProblem AdminKeyRequired { get; } = new() { Status = 403, Code = "forbidden", Title = "Forbidden", Detail = "This endpoint takes the admin key, not a tenant's key." };

    public static ApiProblem RateLimited { get; } = new() { Status = 429, Code = "rate_limited", Title = "Too many requests", Detail = "This tenant sends requests faster, or more of them at once, than its limit allows. Nothing was done; try again after a pause.", RetryAfterSeconds = 1 };

    public static ApiProblem LookupsLimited { get; } = new() { Status = 429, Code = "rate_limited", Title = "Too many requests", Detail = "Too many keys are being presented for the first time. Nothing was done; try again after a pause.", RetryAfterSeconds = 1 };

    public static ApiProblem StoreUnavailable { get; } = new() { Status = 503, Code = "store_unavailable", Title = "Store unavailable", Detail = "The store did not take the call. Nothing was done; it is safe to try again.", RetryAfterSeconds = 1 };

    public static ApiProblem TenantNotYetInStore { get; } = StoreUnavailable with { Detail = "The store does not know this tenant yet, or not any more, and is being told. Nothing was done; it is safe to try again." };

    public static ApiProblem OutcomeUnknown { get; } = new() { Status = 503, Code = "outcome_unknown", Title = "Outcome unknown", Detail = "No answer came from the store: the call may have been done or not. Look, or repeat it with the same idempotency_key.", RetryAfterSeconds = 1 };

    public static ApiProblem RecordsUnavailable { get; } = new() { Status = 503, Code = "records_unavailable", Title = "Records unavailable", Detail = "The records did not answer, so nothing can be said of this key or tenant. Nothing was done; try again.", RetryAfterSeconds = 1 };

    public static ApiProblem RecordsOutcomeUnknown { get; } = OutcomeUnknown with { Detail = "The records went away while the change was being made final: it may have been done or not. Look before you repeat it." };

    public static ApiProblem Stopping { get; } = new() { Status = 503, Code = "stopping", Title = "Stopping", Detail = "This server is stopping. Nothing was done; try again.", RetryAfterSeconds = 1 };

    public static ApiProblem TenantSuspended { get; } = new() { Status = 409, Code = "tenant_suspended", Title = "Tenant suspended", Detail = "The tenant is suspended: it can look at its jobs and cancel them, and submit again once it is resumed." };

    public static ApiProblem TenantGone { get; } = new() { Status = 409, Code = "tenant_gone", Title = "Tenant gone", Detail = "The tenant is being deleted or was." };

    public static ApiProblem TenantExists { get; } = new() { Status = 409, Code = "tenant_exists", Title = "Tenant exists", Detail = "There is a tenant with this id. Ids are case-sensitive." };

    public static ApiProblem TooManyKeys { get; } = new() { Status = 409, Code = "too_many_keys", Title = "Too many keys", Detail = $"The tenant has {Records.TenantRegistry.KeysMax} keys in force. Revoke one first.", Limit = Records.TenantRegistry.KeysMax };

    public static ApiProblem KeyRevoked { get; } = new() { Status = 409, Code = "key_revoked", Title = "Key revoked", Detail = "The key is revoked, so there is nothing to hand over. Issue a new one." };

    public static ApiProblem NotRetryable { get; } = new() { Status = 409, Code = "not_retryable", Title = "Not retryable", Detail = "Only a failed or cancelled job can be retried, and only until it is archived. Submit it again." };

    public static ApiProblem PreconditionRequired { get; } = new() { Status = 428, Code = "precondition_required", Title = "Precondition required", Detail = "Send the version this change was made against: 'If-Match: \"VERSION\"', as the ETag of a GET gives it." };

    public static ApiProblem TooManyPools { get; } = new() { Status = 409, Code = "too_many_pools", Title = "Too many pools", Detail = $"The tenant has work in {Tenants.TenantLimits.PoolsMax} other pools. Wait for one to empty, or use one of those.", Limit = Tenants.TenantLimits.PoolsMax };

    public static ApiProblem IdempotencyConflict { get; } = new() { Status = 422, Code = "idempotency_conflict", Title = "Idempotency conflict", Detail = "This idempotency_key was used before for a job with other content. Nothing was done." };

    public static ApiProblem VersionConflict(long version) => new() { Status = 412, Code = "version_conflict", Title = "Version conflict", Detail = $"The tenant has version {version} by now. Read it again and repeat the change against that." };

    public static ApiProblem BodyTooLarge(long limit) => new() { Status = 413, Code = "payload_too_large", Title = "Payload too large", Detail = $"The body of this request may have at most {limit} bytes.", Limit = limit };

    public static ApiProblem Defect(string reference) => new() { Status = 500, Code = "internal_error", Title = "Internal error", Detail = $"A defect of the server. Whether the call was done is unknown; look, or repeat it with the same idempotency_key. The server's log has it under {reference}." };

    public static ApiProblem Invalid(string field, string message) => Invalid(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] });

    public static ApiProblem Invalid(IReadOnlyDictionary<string, string[]> errors) => new()
    {
        Status = 400,
        Code = "invalid_request",
        Title = "Invalid request",
        Detail = string.Join(' ', errors.Values.SelectMany(messages => messages).Distinct(StringComparer.Ordinal).Take(5)),
        Errors = errors,
    };

    public static ApiProblem QuotaExceeded(long limit, long count) => new()
    {
        Status = 429,
        Code = "quota_exceeded",
        Title = "Quota exceeded",
        Detail = $"{count} unfinished jobs, and max_concurrent + max_queued allows {limit}. The job was not taken; submit it again when others have finished.",
        Limit = limit,
        Count = count,
        RetryAfterSeconds = 1,
    };

    /// <summary>Why a submission was refused.</summary>
    public static ApiProblem Refused(SubmitResult result) => result.Status switch
    {
        SubmitStatus.QuotaExceeded => QuotaExceeded(result.Limit, result.Count),
        SubmitStatus.PayloadTooLarge => new ApiProblem { Status = 413, Code = "payload_too_large", Title = "Payload too large", Detail = $"The payload has {result.Count} bytes; this tenant's payload_bytes_max is {result.Limit}.", Limit = result.Limit, Count = result.Count },
        SubmitStatus.BytesExceeded => new ApiProblem { Status = 429, Code = "bytes_exceeded", Title = "Bytes exceeded", Detail = $"The tenant's unfinished payloads hold {result.Count} bytes, and total_payload_bytes_max is {result.Limit}: this one does not fit. Submit it again when others have finished.", Limit = result.Limit, Count = result.Count, RetryAfterSeconds = 1 },
        SubmitStatus.TooManyPools => TooManyPools,
        SubmitStatus.IdempotencyConflict => IdempotencyConflict,
        SubmitStatus.TenantSuspended => TenantSuspended,
        SubmitStatus.TenantGone => TenantGone,
        _ => throw new ArgumentOutOfRangeException(nameof(result), result.Status, "Not a refusal."),
    };

    private static ApiProblem NotFound(string detail) => new() { Status = 404, Code = "not_found", Title = "Not found", Detail = detail };
}
