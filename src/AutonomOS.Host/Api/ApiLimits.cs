namespace AutonomOS.Host.Api;

/// <summary>What one request may hold.</summary>
internal static class ApiLimits
{
    /// <summary>The body of an ordinary request, in bytes.</summary>
    public const int BodyBytesMax = 64 * 1024;

    /// <summary>The body of one submission, in bytes: the largest payload a tenant may be allowed, and room for the rest.</summary>
    public const int SubmitBodyBytesMax = (4 * 1024 * 1024) + (64 * 1024);

    /// <summary>The body of a batch, in bytes.</summary>
    public const int BatchBodyBytesMax = 32 * 1024 * 1024;

    /// <summary>What the server reads of any body before it cuts the connection, in bytes.</summary>
    public const int AnyBodyBytesMax = 64 * 1024 * 1024;

    /// <summary>All headers of a request together, in bytes.</summary>
    public const int HeaderBytesMax = 16 * 1024;

    /// <summary>Headers of a request.</summary>
    public const int HeadersMax = 64;

    /// <summary>The request line, in bytes.</summary>
    public const int RequestLineBytesMax = 8 * 1024;

    /// <summary>Connections to the server.</summary>
    public const int ConnectionsMax = 20_000;

    /// <summary>Items on a page.</summary>
    public const int PageMax = 200;

    /// <summary>Items on a page unless another number is asked for.</summary>
    public const int PageDefault = 50;

    /// <summary>The longest a cancellation waits for the job to stop, in seconds.</summary>
    public const int CancelWaitSecondsMax = 30;
}
