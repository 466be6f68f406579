using Mesh.Contracts;
using Mesh.Core.Outliers;
using Mesh.Grains.Cluster;
using Mesh.Grains.Ledger;
using Orleans;
using Orleans.Runtime;

namespace Mesh.Grains.Services;

/// <content>Recording what proxies report, so that another policy can be tried on it later.</content>
public sealed partial class ServiceGrain
{
    private ReportArchivist? _archivist;

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Count(0);
        _silo.Leave(_id, _seat);
        _seat = SiloBoard.Left;
        // With the silo the archive goes too: nobody would take what there is.
        return _archivist is null || reason.ReasonCode == DeactivationReasonCode.ShuttingDown
            ? Task.CompletedTask
            : _archivist.Flush(_time.GetUtcNow(), all: true);
    }

    private void Record(ServiceReport report)
    {
        if (_archivist is null)
        {
            _archivist = new ReportArchivist(
                _id, _settings, blocks => GrainFactory.GetGrain<IReportArchiveGrain>(_id.ToString()).Append(blocks), _log);
            // Spread, so that the archives of a restarted mesh are not all written at the same moment.
            var first = _settings.ReportArchiveFlush * (0.5 + _chance.Roll() / 2);
            this.RegisterGrainTimer(_ => _archivist.Flush(_time.GetUtcNow()), new GrainTimerCreationOptions(first, _settings.ReportArchiveFlush) { Interleave = true });
        }

        _archivist.Seen(report, _board.Last, _time.GetUtcNow());
    }
}
