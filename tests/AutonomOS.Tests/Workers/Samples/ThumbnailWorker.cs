using AutonomOS.Storage;
using AutonomOS.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AutonomOS.Tests.Workers.Samples;

/// <summary>The sample of <c>docs/workers.md</c>: what stands between the marks stands there, word for word.</summary>
internal static class ThumbnailWorker
{
    public static IHost Build(string[] args)
    {
        // <program>
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddAutonomOSWorker(worker =>
        {
            worker.Store = new StoreOptions
            {
                Endpoint = builder.Configuration["Store:Endpoint"] ?? "localhost:6379",
                Password = builder.Configuration["Store:Password"],
            };
            worker.Pool = "images";
            worker.Slots = 20;
            worker.Handle<ThumbnailHandler>("thumbnail");
            worker.Handle("ping", (job, cancellation) => Task.FromResult<JobResult?>(JobResult.FromText("pong")));
        });
        var host = builder.Build();
        // </program>
        return host;
    }
}

// <handler>
public sealed record ThumbnailOrder(Uri Source, int[] Widths);

public sealed class ThumbnailHandler : IJobHandler
{
    public async Task<JobResult?> HandleAsync(JobContext job, CancellationToken cancellation)
    {
        var order = job.ReadJson<ThumbnailOrder>();
        if (order is not { Widths.Length: > 0 })
        {
            // Trying again would not help: the job is failed with this message.
            throw new JobFailedForGoodException("The order names no widths.");
        }

        var made = new List<string>();
        foreach (var width in order.Widths)
        {
            made.Add(await MakeAsync(order.Source, width, cancellation));
            await job.ReportProgressAsync(100 * made.Count / order.Widths.Length, $"{width} px");
        }

        return JobResult.Json(made);
    }

    // The name is made from the order, not from the attempt: a second run writes the same file.
    private static Task<string> MakeAsync(Uri source, int width, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult($"{Path.GetFileNameWithoutExtension(source.AbsolutePath)}-{width}.webp");
    }
}
// </handler>
