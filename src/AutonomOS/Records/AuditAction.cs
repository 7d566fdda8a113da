namespace AutonomOS.Records;

/// <summary>The acts that the audit log holds, as it spells them.</summary>
internal static class AuditAction
{
    public const string TenantCreate = "tenant.create";
    public const string TenantChange = "tenant.change";
    public const string TenantSuspend = "tenant.suspend";
    public const string TenantResume = "tenant.resume";
    public const string TenantDelete = "tenant.delete";
    public const string TenantDeleted = "tenant.deleted";
    public const string KeyIssue = "key.issue";
    public const string KeyRotate = "key.rotate";
    public const string KeyRevoke = "key.revoke";

    /// <summary>The longest name, in characters.</summary>
    public const int LengthMax = 32;
}
