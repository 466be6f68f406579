using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Mesh.Runtime.Tests.Grains;

public interface ILedger : IGrainWithStringKey
{
    Task<int> Total();

    Task Add(int amount);

    /// <summary>Changes the total and writes it, while others do the same.</summary>
    [AlwaysInterleave]
    Task AddInterleaved(int amount);

    Task Clear();

    Task Reload();

    Task<string> Describe();

    Task<string> TouchFromOutside();
}

public sealed class LedgerState
{
    public int Total { get; set; }
}

public class LedgerGrain(
    [PersistentState("ledger", "mesh")] IPersistentState<LedgerState> ledger,
    [PersistentState("notes")] IPersistentState<LedgerState> notes) : Grain, ILedger
{
    public Task<int> Total() => Task.FromResult(ledger.State.Total);

    public Task Add(int amount)
    {
        ledger.State.Total += amount;
        return ledger.WriteStateAsync();
    }

    public Task AddInterleaved(int amount) => Add(amount);

    public Task Clear() => ledger.ClearStateAsync();

    public Task Reload() => ledger.ReadStateAsync();

    public Task<string> Describe() =>
        Task.FromResult($"exists: {ledger.RecordExists}, etag: {(ledger.Etag is null ? "none" : "some")}, notes: {notes.RecordExists}");

    public async Task<string> TouchFromOutside()
    {
        try
        {
            return await Task.Run(() => ledger.State.Total.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (InvalidOperationException)
        {
            return "refused";
        }
    }
}
