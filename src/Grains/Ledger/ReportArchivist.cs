using System.Collections.Immutable;
using Mesh.Core;
using Mesh.Core.Outliers;
using Mesh.Core.Replay;
using Mesh.Core.Snapshots;
using Microsoft.Extensions.Logging;

namespace Mesh.Grains.Ledger;

/// <summary>
/// Records what a service's grain is told, and brings it to the archive now and then. Nothing here is on the way of a verdict, and nothing
/// here fails one: blocks that the archive does not take wait, and if too many wait the oldest is dropped and counted.
/// </summary>
/// <param name="service">Whose.</param>
/// <param name="settings">How much.</param>
/// <param name="append">Keeps blocks; <see cref="Contracts.IReportArchiveGrain.Append"/>.</param>
/// <param name="log">Where failures are told.</param>
internal sealed class ReportArchivist(ServiceId service, GrainSettings settings, Func<ImmutableArray<ReportBlock>, Task> append, ILogger log)
{
    /// <summary>How many blocks may wait for the archive.</summary>
    public const int MostWaiting = 8;

    /// <summary>From how many bytes on a block is full, before compression.</summary>
    private const int BlockBytes = 256 * 1024;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly ReportRecorder _recorder = new(Quiet, BlockBytes);
    private readonly Queue<ReportBlock> _waiting = new();
    private bool _writing;

    /// <summary>Takes a report.</summary>
    public void Seen(ServiceReport report, ServiceSnapshot? snapshot, DateTimeOffset now)
    {
        if (settings.ReportArchive <= TimeSpan.Zero)
        {
            return;
        }

        _recorder.Add(report.ReceivedAt(now), snapshot, now);
        if (_recorder.IsFull)
        {
            Wait(_recorder.Take(now));
            _ = Write();
        }
    }

    /// <summary>Brings what there is to the archive. It never throws.</summary>
    /// <param name="now">The time.</param>
    /// <param name="all">Also what is still being added up: nothing comes after this.</param>
    public Task Flush(DateTimeOffset now, bool all = false)
    {
        Wait(_recorder.Take(now, all));
        return Write();
    }

    private void Wait(ReportBlock? block)
    {
        if (block is not null)
        {
            _waiting.Enqueue(block);
        }

        while (_waiting.Count > MostWaiting)
        {
            _waiting.Dequeue();
            GrainMetrics.ArchiveDropped(service);
        }
    }

    private async Task Write()
    {
        if (_writing)
        {
            return;
        }

        _writing = true;
        try
        {
            while (_waiting.Count > 0)
            {
                var batch = _waiting.ToImmutableArray();
                await append(batch);
                while (_waiting.TryPeek(out var block) && batch.Contains(block))
                {
                    _waiting.Dequeue();
                }
            }
        }
        catch (Exception e)
        {
            GrainMetrics.Faulted("archive");
            log.LogWarning(e, "The archive of {Service} could not take {Count} blocks; it is tried again", service, _waiting.Count);
        }
        finally
        {
            _writing = false;
        }
    }
}
