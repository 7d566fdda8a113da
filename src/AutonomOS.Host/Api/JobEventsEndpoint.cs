using System.Globalization;
using System.Text;
using System.Text.Json;
using AutonomOS.Archiving;
using AutonomOS.Jobs;
using AutonomOS.Records;
using AutonomOS.Storage;
using AutonomOS.Tenants;

namespace AutonomOS.Host.Api;

/// <summary>The events of one job, as server-sent events, until its final state.</summary>
/// <remarks>
/// Subscribe, then look, then merge by sequence: what happened before the look is in the snapshot, what happens after it
/// comes by the subscription, and what comes by both is told apart by its sequence. The channel delivers at most once, so
/// every <see cref="LookMs"/> the job is looked at again, and what was missed is sent as another snapshot. Every
/// <see cref="CheckMs"/> the key is checked, so that a revoked key or a suspended tenant does not go on listening.
/// </remarks>
internal static class JobEventsEndpoint
{
    /// <summary>How often the key behind a stream is checked, in milliseconds.</summary>
    public const int CheckMs = 500;

    /// <summary>How often a stream looks at its job, in milliseconds.</summary>
    public const int LookMs = 2000;

    /// <summary>The longest a stream waits for its reader to take an event, in milliseconds; then it is cut.</summary>
    public const int WriteMsMax = 3000;

    public static void MapJobEvents(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/jobs/{id}/events", StreamAsync).For(ApiAudience.TenantStream, "StreamJobEvents", "Streams a job's events (text/event-stream): snapshot, state, progress; ends after the final state.")
            .Produces(200, contentType: "text/event-stream").Refuses(404, 409);

    private static async Task StreamAsync(HttpContext http, string id, IJobStore store, JobReader jobs, ApiKeyCache keys, IHostApplicationLifetime lifetime, TimeProvider time)
    {
        var tenant = http.Tenant();
        var job = JobEndpoints.Id(id);
        if (await jobs.GetAsync(tenant.Tenant, tenant.Epoch, job, http.RequestAborted) is null)
        {
            throw new ApiException(Problems.NoSuchJob);
        }

        if (tenant.Status is not TenantStatus.Active)
        {
            throw new ApiException(tenant.Status is TenantStatus.Suspended ? Problems.TenantSuspended : Problems.TenantGone);
        }

        await using var events = await store.SubscribeAsync(tenant.Tenant, tenant.Epoch, http.RequestAborted);
        var snapshot = await jobs.GetAsync(tenant.Tenant, tenant.Epoch, job, http.RequestAborted) ?? throw new ApiException(Problems.NoSuchJob);
        http.Response.ContentType = "text/event-stream";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        var sender = new Sender(http, time, end.Token);
        await sender.SnapshotAsync(snapshot);
        await using var reader = events.ReadAsync(end.Token).GetAsyncEnumerator(end.Token);
        var next = NextAsync(reader);
        var looked = time.GetTimestamp();
        try
        {
            while (!sender.IsFinal && keys.IsCurrent(tenant, out var status) && status is TenantStatus.Active)
            {
                if (await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(CheckMs), time, end.Token)) == next)
                {
                    if (await next is not { } happened)
                    {
                        return;
                    }

                    if (happened.Id == job)
                    {
                        await sender.EventAsync(happened);
                    }

                    next = NextAsync(reader);
                }

                end.Token.ThrowIfCancellationRequested();
                if (time.GetElapsedTime(looked).TotalMilliseconds >= LookMs)
                {
                    looked = time.GetTimestamp();
                    if (!await LookAsync(jobs, tenant, job, sender, end.Token))
                    {
                        return;
                    }
                }
            }
        }
        finally
        {
            // An enumerator must not be disposed of while it is being read.
            await end.CancelAsync();
            await next;
        }
    }

    /// <returns>False when the job is past its retention.</returns>
    private static async Task<bool> LookAsync(JobReader jobs, TenantIdentity tenant, JobId job, Sender sender, CancellationToken cancellation)
    {
        try
        {
            if (await jobs.GetAsync(tenant.Tenant, tenant.Epoch, job, cancellation) is not { } now)
            {
                return false;
            }

            await sender.SnapshotAsync(now);
        }
        catch (Exception error) when (error is StoreUnavailableException or RecordsUnavailableException)
        {
            // The stream stays: the next look may find them back.
        }

        return true;
    }

    private static async Task<JobEvent?> NextAsync(IAsyncEnumerator<JobEvent> reader)
    {
        try
        {
            return await reader.MoveNextAsync() ? reader.Current : null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Writes what is newer than what was written.</summary>
    private sealed class Sender(HttpContext http, TimeProvider time, CancellationToken cancellation)
    {
        private long _sequence = -1;
        private JobState _state;
        private int _attempt;

        public bool IsFinal => _sequence >= 0 && _state is (JobState.Completed or JobState.Failed or JobState.Cancelled);

        public Task SnapshotAsync(JobSnapshot job) => SendAsync("snapshot", JobEventView.Of(job));

        public Task EventAsync(JobEvent happened) =>
            SendAsync(happened.State != _state || happened.Attempt != _attempt ? "state" : "progress", JobEventView.Of(happened));

        private async Task SendAsync(string name, JobEventView view)
        {
            if (view.Sequence <= _sequence)
            {
                return;
            }

            (_sequence, _state, _attempt) = (view.Sequence, view.Status, view.Attempt);
            var text = string.Create(CultureInfo.InvariantCulture, $"event: {name}\nid: {view.Sequence}\ndata: {JsonSerializer.Serialize(view, ApiFormat.Json.JobEventView)}\n\n");
            try
            {
                await WriteAsync(Encoding.UTF8.GetBytes(text)).WaitAsync(TimeSpan.FromMilliseconds(WriteMsMax), time, cancellation);
            }
            catch (TimeoutException late)
            {
                // A reader that does not read must not keep a stream beyond its key.
                http.Abort();
                throw new OperationCanceledException("The reader of the stream does not read.", late);
            }
        }

        private async Task WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            await http.Response.Body.WriteAsync(bytes, cancellation);
            await http.Response.Body.FlushAsync(cancellation);
        }
    }
}
