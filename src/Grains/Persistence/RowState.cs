using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mesh.Grains.Persistence;

/// <summary>
/// One of many rows of a grain, under a name made at run time; [PersistentState] knows only names that are written in the source, and
/// reads all of them before a grain wakes. Its owner reads it before it is used.
/// </summary>
internal sealed class RowState<TRow>(IGrainStorage storage, string name, GrainId grain) : IPersistentState<TRow>
    where TRow : class, new()
{
    private readonly GrainState<TRow> _record = new(new TRow());

    public TRow State
    {
        get => _record.State!;
        set => _record.State = value;
    }

    public string? Etag => _record.ETag;

    public bool RecordExists => _record.RecordExists;

    public async Task ReadStateAsync()
    {
        await storage.ReadStateAsync(name, grain, _record);
        _record.State ??= new TRow();
    }

    public Task WriteStateAsync() => storage.WriteStateAsync(name, grain, _record);

    public async Task ClearStateAsync()
    {
        await storage.ClearStateAsync(name, grain, _record);
        _record.State ??= new TRow();
    }
}
